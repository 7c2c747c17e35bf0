"""Archive in an object store or a shared directory, for several machines."""
