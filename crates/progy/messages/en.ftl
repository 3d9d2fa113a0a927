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
resume-or-fresh = Do you want to continue where you left off ({ $strategy }: { $when }, { $device }) or start over?
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
to-run = Dependencies and build results do not travel. To have them here, run:
to-run-in = In { $folder }/: { $command }
to-run-here = In the workspace: { $command }
new-version = The course is at version { $version } now.
newest-already = You have the newest version, { $version }.

## status

status-course = { $course } { $version }
status-progress = { $total ->
    [one] { $count } of 1 lesson done
   *[other] { $count } of { $total } lessons done
}
status-base = In step with the server up to revision { $revision }
status-no-base = Nothing has been saved on the server yet
status-offline = The server does not answer right now: this is what this device knows.
status-no-login = You are not logged in: this is what this device knows. Run `progy login`.
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
status-special = { $count ->
    [one] One file is not synced, since it is a socket, a pipe or a device:
   *[other] { $count } files are not synced, since they are sockets, pipes or devices:
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
strategy-now = The strategy is { $strategy } from now on, on every device, and the history has come along.
strategy-offline = The strategy can be changed only while the server can be reached ({ $reason }). Nothing was changed; your work is safe on this device.
changing-strategy = Changing the strategy…

## login

welcome = Welcome, { $name }! You are logged in to { $server }.
login-code = Your code: { $code }
login-where = Confirm it in a browser: { $address }
login-browser = Your browser should open by itself. If it does not, go to that address on any device.
login-waiting = Waiting for you to confirm…
login-denied = This device was turned away in the browser. If that was a mistake, run `progy login` again.
login-expired = The code was not confirmed in time. Run `progy login` for a new one.
token-kept = The token for { $server } is kept on this device.
token-not-checked = The token was not checked, as the server cannot be reached ({ $reason }).
not-encrypted = The connection to { $server } is not encrypted: others on the network can read your token. Use an https:// address if there is one.
logged-out = Logged out of { $server }. Your files stay as they are.
logged-out-here = This device has forgotten its login to { $server }. Your files stay as they are.
session-stays = The server could not be told ({ $reason }): the session ends by itself when it is not used for a week. Sooner, end it with your other sessions on the web.
was-not-logged-in = You were not logged in to { $server }.
token-from-environment = PROGY_TOKEN is set and still counts as a login.
you-are = { $name } at { $server }

## What the learner should know of the files

notice-secret = { $path } looks like a secret, so it is not synced. A course or a `.progyignore` line `!{ $path }` can include it.
notice-bad-name = { $path } is not synced: its name does not work on every system. Rename it to have it synced.
notice-unreadable = { $path } cannot be read or changed, so it stays as it is. Check its permissions, then run `progy sync`.
notice-special = { $count ->
    [one] { $paths } is a socket, a pipe or a device, so it is not synced.
   *[other] { $count } files are sockets, pipes or devices, so they are not synced: { $paths }
}
notice-link-outside = { $path } is a link out of the workspace, so it is not synced.
notice-cannot-hold = This system cannot hold a file called { $path }. It stays safe on the server.

## What went wrong, that the work is safe, and what to run next

no-home = There is no folder for settings. Set PROGY_CONFIG_DIR or HOME and try again.
no-runtime = The system refuses what progy needs to run ({ $reason }). Your work is safe; try again.
no-current-folder = The current folder cannot be read ({ $reason }). Go to your workspace with `cd` and try again.
no-json = The answer could not be written ({ $reason }). Your work is safe; try again without --json.
not-written = The answer could not be written to standard output. Your work is safe; check where the output goes and try again.
settings-strategy = progy.toml names the strategy { $strategy }, but the workspace is carried by { $has }. Your files are safe; set it to `{ $has }` again, and change it with `progy strategy`.
no-workspace = This folder is no workspace. Go to one with `cd`, or start a course with `progy init -c COURSE DIR`.
no-state = { $folder } has a progy.toml but nothing that this device knows of it. Run `progy init -c { $course }` in it: your files stay, and your saved work is brought together with them.
outside = { $path } is not in this workspace. Name a file of the workspace.
locked = Another progy command is still working in this workspace. Your files are safe; wait for it to end, then try again.
disk-full = There is no room left on this disk. Nothing was lost; make room, then run the command again.
disk-failed = { $path }: the disk refuses ({ $reason }). Nothing was lost; check free space and permissions, then run the command again.
damaged = { $what } is damaged. Your files are untouched; move the folder .progy away and run `progy init -c COURSE` here to connect them again.
from-the-future = { $what } was written by a newer progy. Your files are untouched; install the newest progy and try again.
unreachable = The server cannot be reached ({ $reason }). Your work is safe on this device; check the connection, then run the command again.
queued = The server cannot be reached ({ $reason }). Your work is safe on this device: { $count ->
    [one] 1 save waits, and `progy sync` sends it later.
   *[other] { $count } saves wait, and `progy sync` sends them later.
}
no-token = You are not logged in to { $server }. Run `progy login`, with --server URL for another server.
not-logged-in = The server does not know this login. Your work is safe on this device; run `progy login`, then `progy sync`.
keyring-closed = Your login is in the system's keyring, which does not give it out ({ $reason }). Your work is safe on this device; unlock the keyring, or run `progy login`.
token-refused = { $server } does not know this token. Ask for a new one, then run `progy login --token TOKEN`.
bad-token = The token holds characters that no token has. Run `progy login --token TOKEN` again.
login-empty-token = The token is empty. Run `progy login` to log in with a browser, or give a token: `progy login --token TOKEN`.
bad-server = The address of the server cannot be used: { $reason }. Correct PROGY_API_URL, or run `progy login --server URL`.
config-io = { $path } cannot be used ({ $reason }). Your work is safe; check the permissions of that folder and try again.
config-damaged = { $path } cannot be understood ({ $reason }). Progy has not changed it; correct it or move it away, then try again.
no-course = The server has no course { $course }. See `progy course list` for those that it has.
no-version = Version { $version } of { $course } is not on this device or not on the server. Your work is safe; run `progy sync` when the server can be reached.
bad-package = The package of the course is not valid ({ $reason }). Your work is safe; tell the author of the course.
file-too-large = { $path } is too large ({ $size }): a file may have { $limit }. Your work is safe; list the file in .progyignore and run the command again. `progy strategy snapshot` carries files of any size.
workspace-too-large = Your changes are too large ({ $size }): together they may have { $limit }. Your files are safe; list what need not travel in .progyignore and run the command again. `progy strategy snapshot` carries projects of any size.
quota-exceeded = Your space on the server is used up. Your work is safe on this device; ask the person who runs the server for more, then run `progy sync`.
other-strategy = The workspace is carried in another way ({ $strategy }), which this version of progy does not know. Your files are safe on this device; install the newest progy and run the command again.
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
git-other-branch = The branch { $branch } is checked out, and progy saves main. Nothing was changed; run `git switch main`, then run the command again.
git-detached = No Git branch is checked out here (detached HEAD), and progy saves main. Nothing was changed; run `git switch main`, then run the command again.
git-unfinished = A { $what } was begun with git and is not ended. Nothing was changed; end it (`git { $what } --continue`) or give it up (`git { $what } --abort`), then run the command again.
git-locked = Another git command is working here, or was killed. Nothing was changed; wait for it, or, if none is running, delete the file { $lock }, then run the command again.
git-unmerged = Git has left files unmerged. Nothing was changed; settle them (`git status` names them, `git add` each), then run the command again.
git-line-endings = Git is set to change line endings here, which progy does not do. Nothing was changed; run `git config core.autocrlf false`, then run the command again.
git-filter = The file .gitattributes sends files through a program ({ $filter }), as Git LFS does; progy cannot save those. Nothing was changed; take the line out, then run the command again.
git-unrelated = The branch main has nothing in common with what was saved. Nothing was changed; `git log origin/main` shows what was saved, and `git reset --keep origin/main` goes back to it.
git-shallow = A part of the history is not in this folder (a shallow clone), and progy needs it. Nothing was changed; run `git fetch --unshallow`, then run the command again.
git-unfit = A commit holds { $path }, which cannot be kept in sync: { $reason }. Nothing was changed; take it out with `git rm --cached { $path }` and commit, then run the command again.
git-unfit-path = This cannot be saved in Git: { $reason }. Your files are as they were; give it another name, then run the command again.
git-object = The Git repository in this folder is damaged (object { $id }: { $reason }). Your files are as they were; copy them elsewhere, and start again in an empty folder with `progy init`.
git-moved = Another program moved the branch main meanwhile. Your files are as they were; run the command again.
git-failed = The Git repository in this folder cannot be used ({ $reason }). Your files are as they were.
link-needed = The server cannot reach your repositories: { $reason }. Your work is safe on this device; do that in the browser, then run the command again.
git-host-refused = The Git host refuses the save: { $reason }. Your work is safe on this device, in a commit.
foreign-repository = This folder is a Git repository already, and not one of this course. Nothing was changed; choose another folder.
other-strategy-here = This workspace is carried by the strategy { $strategy }, not { $wanted }. Nothing was changed; leave out `--strategy`, and change it with `progy strategy { $wanted }`.
refused = The server refuses: { $reason } ({ $code }). Your work is safe on this device.

## test

testing = Checking { $lesson }…
test-read = There is nothing to run here: this lesson is there to be read.
test-timed-out = Stopped: it took too long. Does a loop never end?
test-stopped = Stopped. Nothing was recorded; run `progy test` again when you like.
test-failed = Not passed yet, and that is how one learns. Edit { $file }, then run `progy test { $lesson }` again.
lesson-completed = Lesson { $lesson } passed! { $count ->
    [one] +1 point
   *[other] +{ $count } points
}
lesson-again = Lesson { $lesson } passed again.
module-completed = You have finished the module { $module }!
next-lesson = Next: { $lesson }
course-completed = That was the last lesson. You have finished the course!
all-passed = All lessons are passed. `progy test LESSON` checks one again.
level-error = error
level-warning = warning
level-note = note
trust-explained = To check solutions, { $course } { $version } runs this code on your device. It was written by the author of the course, not by progy:
trust-question = Do you trust the author, and may it run?
trust-refused = The course may not run its code, so nothing was checked. Your work is safe; run `progy test` again if you change your mind.
trust-needed = The course may not run code on this device yet. Look at the command above, then run `progy test --trust` if you trust its author.
lesson-locked = { $lesson } is still locked: in this course lessons are done in order. First pass { $first }: `progy test { $first }`.
no-lesson = There is no lesson { $lesson } in this course. Without a name, `progy test` takes the next one.
no-lesson-but = There is no lesson { $lesson } in this course. Did you mean { $near }?
several-lessons = { $lesson } fits several lessons: { $fitting }. Name one of them.
no-runner = The course says no way to check { $lesson }. Your work is safe; tell the author of the course.
runner-invalid = The runner { $runner } of this course cannot be used ({ $reason }). Your work is safe; tell the author of the course.
program-missing = { $program } is not installed, or not on the PATH, and this course needs it. Install it, then run `progy test` again; `progy doctor` checks everything that is needed.
program-missing-guide = { $program } is not installed, or not on the PATH, and this course needs it. { $guide } says how to install it; then run `progy test` again.
program-not-started = { $program } cannot be started ({ $reason }). Your work is safe; `progy doctor` checks what this course needs.
docker-failed = Docker could not run the check of this lesson; what it said is above. Your work is safe; `progy doctor` checks Docker.

## dev, open

message-dev = Auto-save
dev-begins = Watching { $folder }. Just work: what you change is saved, and what your other devices save arrives here. Ctrl-C saves and ends.
dev-runs-already = `progy dev` runs in this workspace already, in another terminal or in your editor. Your work is being saved there.
dev-gone = The server cannot be reached. Go on working: everything is saved on this device, and sent when the server is back.
dev-back = The server is back.
dev-saved-here = { $count ->
    [one] Saved on this device; 1 save waits for the server.
   *[other] Saved on this device; { $count } saves wait for the server.
}
dev-received = From { $device }: { $message }
dev-queued = The server cannot be reached. Your work is safe on this device: { $count ->
    [one] 1 save waits, and `progy sync` sends it later.
   *[other] { $count } saves wait, and `progy sync` sends them later.
}
dev-ends = Everything is saved. Goodbye!
open-begins = { $editor } is opening { $folder }. Leave this running: it saves what you change and brings what your other devices save. Ctrl-C saves and ends.
open-beside-dev = { $editor } is opening. `progy dev` runs in this workspace already and saves what you change.
editor-not-found = The editor { $editor } is not on the PATH. Install it, or name another: `progy open --editor EDITOR`.
no-editor = No editor was found. Name one: `progy open --editor EDITOR`, or set EDITOR.
editor-command = The editor command { $editor } cannot be understood. Name another: `progy open --editor EDITOR`.
editor-not-started = { $editor } could not be started ({ $reason }). Your work is safe; name another: `progy open --editor EDITOR`.

## course

checking = Checking…
packing = Packing…
publishing = Publishing…
asking = Asking the server…
check-fine = { $count ->
    [0] The course is sound.
    [one] The course can be published; 1 warning.
   *[other] The course can be published; { $count } warnings.
}
check-errors = { $count ->
    [one] 1 error
   *[other] { $count } errors
}, { $total ->
    [one] 1 warning.
   *[other] { $total } warnings.
} Correct the errors, then check again.
course-has-errors = The course has { $count ->
    [one] 1 error,
   *[other] { $count } errors,
} named above. Nothing was published or packed; correct them and try again.
packed = { $course } { $version }: { $count ->
    [one] 1 file,
   *[other] { $count } files,
} { $size } in { $file }
cannot-pack = The course cannot be packed: { $reason }. Correct that, then try again.
cannot-write = { $path } cannot be written ({ $reason }). Nothing was changed; choose another place with -o.
course-published = Published { $course } { $version }: { $count ->
    [one] 1 file,
   *[other] { $count } files,
} { $size }.
course-there = { $course } { $version } is on the server already, and is the same.
version-exists = { $course } { $version } is published already with another content, and a published version never changes. Raise `version` in course.json, then publish again.
may-not-publish = You may not publish { $course }: { $reason }.
no-courses = The server has no courses yet.
imported = { $count ->
    [one] 1 lesson,
   *[other] { $count } lessons,
} version { $version }, in { $folder }. Look at it, then run `progy course publish { $folder }`.
imported-without-licence = The folder holds no licence. Add the one of rustlings before you publish the course to others.
cannot-import = Nothing was imported: { $reason }. Name a checkout of rustlings, and with -o a new folder.

## serve, admin

invite-link = Who types this code at this address of your server can register, once: { $link }
user-added = Added { $name }. `progy admin token create { $name }` makes a token to log in with.
keys-rotated =
    Everything is encrypted under the key { $key } now. { $count ->
        [0] No account had to be changed.
        [one] One account was changed.
       *[other] { $count } accounts were changed.
    }
key-to-remove = Nothing needs the key { $key } any more: remove it from `vault.keys`, or from PROGY_VAULT_KEYS.
key-kept = Some tokens could not be decrypted, so the key { $key } stays. The log above names their accounts; those learners have to link them again. Then run `progy admin keys rotate` once more.
fsck-pack = Damaged: { $object }: { $what }
fsck-pack-repaired = Repaired: { $object }: { $what }
fsck-blob = Lost: the blob { $blob }, which revision { $revision } of { $course } by { $learner } needs
fsck-fine = All snapshots can be read: { $packs } packs with { $blobs } blobs, { $revisions } revisions.
fsck-damaged = { $count ->
        [one] One thing is damaged or lost
       *[other] { $count } things are damaged or lost
    }; they are named above, and nothing was changed. Bring the objects back from a copy of the data if you have one. `progy admin fsck --repair` keeps what is whole.
fsck-left = { $count ->
        [one] One thing is damaged or lost, and whole nowhere on this server
       *[other] { $count } things are damaged or lost, and whole nowhere on this server
    }; the rest is safe. Bring missing objects back from a copy of the data, or have the learners save those files again from a device that has them; then run `progy admin fsck --repair` once more.
no-password = There is no password on standard input. Write it there: `progy admin user add NAME --email E --password-stdin < FILE`.
no-tokens = { $name } has no tokens. `progy admin token create { $name }` makes one.
token-line = { $id }  { $label }  { $scopes }  used: { $used }  { $state }
token-never = never
token-is-revoked = revoked
token-until = good until { $day }
token-forever = does not expire
token-revoked = Revoked the token { $id } of { $name }: nobody can log in with it any more.
user-exists = There is a user { $name } already. Choose another name, or make a token: `progy admin token create { $name }`.
no-user = There is no user { $name }. Add one: `progy admin user add { $name }`.
admin-refused = Nothing was changed: { $reason }.
server-config = { $reason }. Correct that, then start the server again.
config-sound = The configuration is sound: a server starts with it.
config-warning = Careful: { $reason }.
server-listen = The server cannot listen on { $address } ({ $reason }). Choose another address with --listen; port 0 picks a free port.
server-data = The server cannot use the folder { $folder } ({ $reason }). Check its permissions, or choose another with --data.

## doctor

doctor-fine = All that progy needs is there.
doctor-not-fine = Something that progy needs is missing; the arrows say what to do. Your work on this device is safe.
doctor-server = The server { $server } answers in { $took } ms
doctor-no-server = The server cannot be reached ({ $reason })
fix-server = Check your connection. With another address: `progy login --server URL`, or set PROGY_API_URL
fix-server-address = Set another address: `progy login --server URL`, or PROGY_API_URL
doctor-login = Logged in as { $name } ({ $role })
doctor-no-token = Not logged in to { $server }
doctor-no-login = The login does not work ({ $reason })
fix-login = Run `progy login`
doctor-clock = The clock agrees with the server's
doctor-wrong-clock = The clock differs from the server's by { $count ->
    [one] 1 minute
   *[other] { $count } minutes
}. Nothing is lost by that, but times and streaks are wrong
fix-clock = Have the system set its clock by the network
doctor-space = { $folder } can be written to; { $size } free
doctor-writable = { $folder } can be written to
doctor-read-only = { $folder } cannot be written to ({ $reason })
fix-read-only = Make yourself the owner of the folder, and check that the disk is not full
fix-space = Free some space on that disk
fix-home = Set PROGY_CONFIG_DIR or HOME
doctor-no-workspace = This folder is no workspace, so none was looked at
doctor-open = Other people on this machine can read your login in { $file }
fix-open = chmod 600 { $file }
doctor-no-git = git is not installed. Progy does not need it; you may want it
fix-git = Install git: https://git-scm.com/downloads
doctor-no-docker = Docker is not installed. Only courses that check solutions in containers need it
doctor-docker-silent = Docker does not answer ({ $reason }). Only courses that check solutions in containers need it
fix-docker = Install or start Docker: https://docs.docker.com/get-docker
doctor-not-trusted = { $course } brings checks of its own. They are code of its author, which you have not allowed to run yet
fix-not-trusted = Run `progy test` once, which asks
doctor-missing = { $name }: { $program } is not installed, or not on the PATH
doctor-check-failed = { $name }: it is there, but does not work ({ $reason })
doctor-check-invalid = { $name }: the course's check cannot be understood
fix-course = See what the course says about it
fix-course-guide = See { $guide }

## demo

demo-begins = A server and two devices in temporary folders, and a real course. All of it is removed at the end.
demo-server = A server is listening on { $address }.
demo-strategy = Strategy { $strategy }
demo-no-git = The strategy git is left out: the program `git` is not on this machine, and a server needs it to keep repositories.
demo-desk = desk
demo-laptop = laptop
demo-begin = On the { $device }: start the course and solve the first lesson
demo-restore = On the { $device }: go on where you left off
demo-merge = Both edit different lines of one file
demo-conflict = Both edit the same line
demo-delete = One deletes what the other edits
demo-offline = The { $device } loses its connection; both go on working
demo-upgrade = The author publishes version { $version }; the work comes along
demo-check = Is everything still there?
demo-writes = { $device } writes into { $path }: { $text }
demo-deletes = { $device } deletes { $path }
demo-message-hello = First lesson
demo-message-first = On the train, 1
demo-message-second = On the train, 2
demo-no-runner = Lessons cannot be checked on this machine (cargo and rustc are needed). Going on without.
demo-restored = Every file and the progress are there
demo-merged = Both changes are in the file, on both devices
demo-both-kept = Neither version is lost: the other one is in { $copy }
demo-edit-stays = The edited file is back on both devices
demo-published-both = Both saves arrived, in order, with their messages
demo-upgraded = The new lesson is there, and so is all the work
demo-same = { $count } files are the same to the byte on both devices
demo-head-same = And the same as on the server, after { $count } revisions
demo-nothing-lost = Each of the { $count } contents that a file ever had can be fetched
demo-done = Nothing was lost. { $count ->
    [one] 1 strategy
   *[other] { $count } strategies
} in { $seconds } s.
demo-stopped = The demo was stopped. What it made is removed.
demo-broken = The demo cannot go on: { $what } ({ $reason }). Check the space and the permissions of the folder for temporary files, then try again.
demo-no-server = The demo's own server did not start. Run `progy serve --listen 127.0.0.1:0 --data DIR` to see why.
demo-command-failed = The demo failed: `{ $command }` ended with { $code }: { $reason }
demo-too-slow = The demo failed: a command did not end in two minutes.
demo-no-json = The demo failed: `{ $command }` did not print JSON ({ $reason }).
demo-not-passed = The demo failed: the solution of { $lesson } did not pass.
demo-no-progress = The demo failed: the progress did not arrive on the { $device }.
demo-not-merged = The demo failed: { $path } does not hold the changes of both.
demo-differs = The demo failed: { $path } is not the same on both devices.
demo-head-differs = The demo failed: the files are not the ones that the server has.
demo-lost = The demo failed: { $what } was lost.
