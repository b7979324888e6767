/** What `sojourn --help` prints. */
export const USAGE = `Usage: sojourn <command>

  secret        Prints a new secret, 256 random bits, for the "keys" option.

  init          Writes a working set-up for the framework and the store in package.json.
                sojourn init [NAME] [--store sqlite] [--folder FOLDER] [--dry-run]
                It changes no file that is there, and says what to add to it.

  inspect       Tells what a cookie or a stored session is, and whether it counts.
                sojourn inspect 'session=eyJ…'      a value, name=value, or a header's line
                sojourn inspect - < cookie.txt      from standard input
                sojourn inspect --file value.bin    from a file
    --lifetime 31d   how long it counts       --json   for programs
    --now DATE       as of another time
    --purpose, --audience, --manager          what sojourn's own cookies were made for

  forge         Makes a cookie from JSON, for tests.
                sojourn forge flask '{"user_id": 42}'
                flask, starlette, django, django-data, django-legacy, flask-session,
                tornado (--name NAME), pickle (--protocol 4)

  adopt-check   Reads a store, and says which sessions would come over. It writes nothing.
                sojourn adopt-check --redis redis://localhost [--prefix session:]
                --sqlite FILE, --postgres URL, --mysql URL [--table NAME], --folder FOLDER

  migrate       Turns the programs of a project from express-session to sojourn.
                sojourn migrate express-session             the imports: shows what it would write
                sojourn migrate express-session --write     writes it; refuses over uncommitted changes
                sojourn migrate express-session --step 2    the handlers too
    --folder FOLDER   --list   names files, no differences   --force   though git has changes

  keys          Shows the keys of a ring of "sojourn/keys", and turns it.
                sojourn keys list --config ./session-keys.js      its default export is the ring
                sojourn keys rotate --config FILE     sojourn keys revoke KID --config FILE

  autopsy       Tries what a thief would with a dump of the store, keys, logs and a core dump.
                sojourn autopsy --dump FILE [--keys FILE] [--log FILE] [--core FILE]
                --name NAME   of the manager    --show   values too    --json   for programs

Keys are in SOJOURN_KEY, in a variable named by --key-env, or in a file, one a line: --key-file.
Exit code: 0 fine, 1 a check failed, 2 the input cannot be used.
`;
