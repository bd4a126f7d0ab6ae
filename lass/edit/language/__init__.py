"""The grammar of instructions: from words to drafts of operations.

`lass.edit.parsing` is the way in. A sentence becomes items (`items`), clauses (`clauses`) with a
verb and what it does (`frames`, `levels`, `additions`, `predicates`), sounds (`targets`,
`subjects`), times (`times`) and amounts (`amounts`); drafts (`drafts`) become operations. The
vocabulary is in `wording`.
"""
