"""Drop folders: directories on this host or another, in which agencies or transfer tools leave files."""
