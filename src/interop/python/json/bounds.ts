/** How deep lists and dicts may lie in one another: about where CPython itself gives up. */
export const MAX_JSON_DEPTH = 1_000;

/** How many digits an int may have, as in CPython since 3.11: its `sys.int_info.default_max_str_digits`. */
export const MAX_INT_DIGITS = 4_300;
