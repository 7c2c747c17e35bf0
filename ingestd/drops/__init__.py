"""Drop folders: directories of this host in which agencies, or whoever fetches for us, leave files."""
