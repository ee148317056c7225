"""The searchable half of the fake: a data set of jobs and companies, filters that filter, and the four searches."""
