"""Purchase-count models, one per file, by the scikit-learn contract: ``fit`` learns, learned values end in ``_``."""
