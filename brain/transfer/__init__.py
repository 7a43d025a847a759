"""Moving indexes: copies to and from other backends, exports and imports."""
