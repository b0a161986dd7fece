//! RUN lines and `docker exec`: a shell and its programs over a mounted union.
