"""Lists the packages; everything else is in pyproject.toml."""

from setuptools import find_packages, setup

# The repository root is the package "fiftyone_faiss"; find_packages() doesn't see that prefix.
FOLDERS = find_packages(include=["brain*", "demo*", "embedders*", "operators*", "panels*"])
PACKAGES = ["fiftyone_faiss", *(f"fiftyone_faiss.{name}" for name in FOLDERS)]
# Setuptools leaves this file out of the package only if it knows the file's name.
setup(packages=PACKAGES, package_dir={"fiftyone_faiss": "."}, script_name="setup.py")
