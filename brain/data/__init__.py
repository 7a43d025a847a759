"""FiftyOne's database and media: lookups, view filters, media, frames, result views.

May import: ``core``, ``store``, the row filter of ``ann``, embedders.
"""
