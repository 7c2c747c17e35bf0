"""Drop folders: where agencies, or whoever fetches for us, leave files, on this host or on another."""
