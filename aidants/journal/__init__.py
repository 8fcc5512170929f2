"""The journal: an append-only log of every recorded act, with a Merkle tree over its leaves.

``actions`` is the catalogue, ``services`` records, ``seal`` stores the tree's roots, ``verify`` checks everything;
``canonical``, ``merkle`` and ``entry`` are the formats, without database. The journal knows no feature.
"""
