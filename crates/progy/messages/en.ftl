# What Progy says in English. `pt-BR.ftl` has the same keys with the same variables.
# `count` and `total` are numbers, every other variable is text.

error = error:
yes = yes
no = no

## Times

ago-moments = just now
ago-minutes = { $count ->
    [one] 1 minute ago
   *[other] { $count } minutes ago
}
ago-hours = { $count ->
    [one] 1 hour ago
   *[other] { $count } hours ago
}
ago-days = { $count ->
    [one] yesterday
   *[other] { $count } days ago
}

## While something goes on

saving = Saving…
syncing = Syncing…
fetching = Fetching the course…
restoring = Bringing the files back…
resetting = Resetting…
upgrading = Upgrading…
waiting-for-lock = Another progy command is working in this workspace. Waiting for it…

## init

progress-found = Progress found. Restoring your files…
starting-over = Starting over. What you had stays in the history: see `progy log`.
resume-or-fresh = You saved { $when } on { $device }. Do you want to continue where you left off, or start over?
option-resume = continue
option-fresh = start over
workspace-exists = This folder already holds { $course }. Syncing it.
started = { $course } { $version } is ready in { $folder }. Work on a lesson, then run `progy test` there.
restored = { $course } { $version } is back in { $folder }: { $count ->
    [0] every file is up to date.
    [one] 1 file restored.
   *[other] { $count } files restored.
}
adopted = { $count ->
    [one] 1 file was here already. It is kept, as an edit of yours; `progy save` records it:
   *[other] { $count } files were here already. They are kept, as edits of yours; `progy save` records them:
}
not-adopted = { $count ->
    [one] 1 other file was here already. It stays on this device: the course does not sync it.
   *[other] { $count } other files were here already. They stay on this device: the course does not sync them.
}
upgrade-exists = Version { $version } of the course is out. Run `progy upgrade` when you like: your work comes along.
vscode-task = { $path } is ready: VS Code runs `progy dev` when you open the folder.
vscode-by-hand = { $path } is no plain JSON, so progy leaves it as it is. Add this task to it by hand:
other-course = This folder is a workspace of { $course }, another course. Choose another folder: `progy init -c COURSE DIR`.
inside-workspace = This folder is inside a workspace, { $folder }. Choose a folder outside of it: `progy init -c COURSE DIR`.
folder-too-large = { $folder } is no good place for a workspace: everything in it would be synced. Name a folder of its own: `progy init -c COURSE DIR`.
no-folder = The folder { $folder } cannot be used ({ $reason }). Choose another: `progy init -c COURSE DIR`.

## After saving, syncing and everything made of them

message-save = Save
message-sync = Sync
received = { $count ->
    [one] 1 file changed here:
   *[other] { $count } files changed here:
}
published = { $count ->
    [one] Saved: revision { $revision }.
   *[other] { $count } saves published; the newest is revision { $revision }.
}
saved-here = Saved on this device.
up-to-date = Everything is saved. There is nothing new.
recovered = The server had lost some of your saves. What this device has of them was published again.
conflicts-wait = { $count ->
    [one] 1 conflict copy is waiting for you. See `progy conflicts`.
   *[other] { $count } conflict copies are waiting for you. See `progy conflicts`.
}
and-more = { $count ->
    [one] and 1 more
   *[other] and { $count } more
}
new-version = The course is at version { $version } now.
newest-already = You have the newest version, { $version }.

## status

status-course = { $course } { $version }
status-progress = { $total ->
    [one] { $count } of 1 lesson done
   *[other] { $count } of { $total } lessons done
}
status-base = Last agreed with the server: revision { $revision }
status-no-base = Nothing has been saved on the server yet
status-offline = The server does not answer right now: this is what this device knows.
status-no-login = You are not logged in: this is what this device knows. Run `progy login --token TOKEN`.
status-behind = { $count ->
    [one] 1 revision is waiting on the server. Get it with `progy sync`
   *[other] { $count } revisions are waiting on the server. Get them with `progy sync`
}
status-queued = { $count ->
    [one] 1 save waits to be sent. `progy sync` sends it
   *[other] { $count } saves wait to be sent. `progy sync` sends them
}
status-clean = All changes are saved
status-changed = { $count ->
    [one] 1 file changed since the last save:
   *[other] { $count } files changed since the last save:
}

## log, diff

log-waiting = waiting {""}
log-here = {"  "}← this device
log-details = { $device }, { $when }, { $count ->
    [one] 1 file
   *[other] { $count } files
}, { $size }
log-empty = Nothing has been saved yet.
no-difference = No difference.
binary-differs = { $path } differs; it is not text.

## conflicts, trash, strategy

no-conflicts = There are no conflicts.
conflict-copy = {"  "}{ $copy } (from { $device })
how-to-resolve = Settle one with `progy resolve PATH` and --mine (keep your file), --theirs (take the copy), --markers (write both into the file) or --merged (you have put them together).
markers-written = Both versions are in { $path } now. Edit it, then run `progy resolve { $path } --merged`.
trash-empty = The trash is empty.
trash-restored = Back: { $path }
strategy-is = Strategy: { $strategy }

## login

welcome = Welcome, { $name }! You are logged in to { $server }.
token-kept = The token for { $server } is kept on this device.
token-not-checked = The token was not checked, as the server cannot be reached ({ $reason }).
not-encrypted = The connection to { $server } is not encrypted: others on the network can read your token. Use an https:// address if there is one.
logged-out = Logged out of { $server }. Your files stay as they are.
was-not-logged-in = You were not logged in to { $server }.
token-from-environment = PROGY_TOKEN is set and still counts as a login.
you-are = { $name } at { $server }

## What the learner should know of the files

notice-secret = { $path } looks like a secret, so it is not synced. A course or a `.progyignore` line `!{ $path }` can include it.
notice-bad-name = { $path } is not synced: its name does not work on every system. Rename it to have it synced.
notice-unreadable = { $path } cannot be read or changed, so it stays as it is. Check its permissions, then run `progy sync`.
notice-special = { $path } is no ordinary file, so it is not synced.
notice-link-outside = { $path } is a link out of the workspace, so it is not synced.
notice-cannot-hold = This system cannot hold a file called { $path }. It stays safe on the server.

## What went wrong, that the work is safe, and what to run next

no-home = There is no folder for settings. Set PROGY_CONFIG_DIR or HOME and try again.
no-runtime = The system refuses what progy needs to run ({ $reason }). Your work is safe; try again.
no-current-folder = The current folder cannot be read ({ $reason }). Go to your workspace with `cd` and try again.
no-json = The answer could not be written ({ $reason }). Your work is safe; try again without --json.
no-workspace = This folder is no workspace. Go to one with `cd`, or start a course with `progy init -c COURSE DIR`.
no-state = { $folder } has a progy.toml but nothing that this device knows of it. Run `progy init -c COURSE` in it: your files stay, and your saved work is brought together with them.
outside = { $path } is not in this workspace. Name a file of the workspace.
locked = Another progy command is still working in this workspace. Your files are safe; wait for it to end, then try again.
disk-failed = { $path }: the disk refuses ({ $reason }). Nothing was lost; check free space and permissions, then run the command again.
damaged = { $what } is damaged. Your files are untouched; move the folder .progy away and run `progy init -c COURSE` here to connect them again.
from-the-future = { $what } was written by a newer progy. Your files are untouched; install the newest progy and try again.
unreachable = The server cannot be reached ({ $reason }). Your work is safe on this device; check the connection, then run the command again.
queued = The server cannot be reached ({ $reason }). Your work is safe on this device: { $count ->
    [one] 1 save waits, and `progy sync` sends it later.
   *[other] { $count } saves wait, and `progy sync` sends them later.
}
no-token = You are not logged in to { $server }. Run `progy login --token TOKEN`, with --server URL for another server.
not-logged-in = The server does not know this login. Your work is safe on this device; run `progy login --token TOKEN`, then `progy sync`.
token-refused = { $server } does not know this token. Ask for a new one, then run `progy login --token TOKEN`.
bad-token = The token holds characters that no token has. Run `progy login --token TOKEN` again.
login-needs-token = Logging in needs a token: `progy login --token TOKEN`, or `--token -` to read it from standard input. Ask the person who runs your server for one.
bad-server = The address of the server cannot be used: { $reason }. Correct PROGY_API_URL, or run `progy login --server URL --token TOKEN`.
config-io = { $path } cannot be used ({ $reason }). Your work is safe; check the permissions of that folder and try again.
config-damaged = { $path } cannot be understood ({ $reason }). Progy has not changed it; correct it or move it away, then try again.
no-course = The server has no course { $course }. See `progy course list` for those that it has.
no-version = Version { $version } of { $course } is not on this device or not on the server. Your work is safe; run `progy sync` when the server can be reached.
bad-package = The package of the course is not valid ({ $reason }). Your work is safe; tell the author of the course.
file-too-large = { $path } is too large ({ $size }): a file may have { $limit }. Your work is safe; list the file in .progyignore and run the command again. Later `progy strategy snapshot` will carry files of any size.
workspace-too-large = Your changes are too large ({ $size }): together they may have { $limit }. Your files are safe; list what need not travel in .progyignore and run the command again. Later `progy strategy snapshot` will carry projects of any size.
quota-exceeded = Your space on the server is used up. Your work is safe on this device; ask the person who runs the server for more, then run `progy sync`.
other-strategy = This workspace is carried in another way now ({ $strategy }). Your files are safe; run `progy init -c COURSE` in a new folder.
strategy-later = The strategy { $strategy } arrives in a later version of progy. Use `patch`; your files are as they were.
keeps-changing = { $path } keeps changing while it is read. Your work is safe; stop what writes it, then run the command again.
keeps-markers = { $path } still holds conflict markers (<<<<<<<). Nothing was changed; edit the file, then run `progy resolve { $path } --merged` again.
busy = Other devices keep saving at the same time. Your work is safe on this device; run `progy sync` in a moment.
no-revision = No single revision is called { $revision }. See `progy log` for their ids.
no-such-path = There is no { $path } here. See `progy status`, `progy log` or `progy trash` for what there is.
no-conflict = { $path } has no conflict. See `progy conflicts` for those that wait.
several-copies = There are several conflict copies of { $path }. Name the one that you mean: { $copies }
missing-content = The content of { $path } cannot be found, neither here nor on the server. Nothing was changed; run `progy sync` and try again.
invalid-tree = The server sent files that cannot be used ({ $reason }). Nothing was changed; tell the person who runs the server.
refused = The server refuses: { $reason } ({ $code }). Your work is safe on this device.
