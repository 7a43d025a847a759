python3 -m pip install -q --no-index --no-deps --no-compile --no-cache-dir --upgrade --target /tmp/site .whl/*.whl && export PYTHONPATH=/tmp/site
mkdir -p /tmp/pkg/fiftyone_faiss && cp -r demo /tmp/pkg/fiftyone_faiss/ && touch /tmp/pkg/fiftyone_faiss/__init__.py
