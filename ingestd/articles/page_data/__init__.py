"""Stories that a page carries as data for its program (Next.js, Nuxt, Fusion, Apollo, Redux) and not as markup."""
