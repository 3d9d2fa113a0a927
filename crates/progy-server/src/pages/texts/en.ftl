# What Progy's pages say in English. `pt-BR.ftl` has the same keys with the same variables.
# `count` is a number, every other variable is text.

## On every page

skip = Skip to the content
nav-account = Your account
nav-people = People
sign-in = Sign in
sign-up = Register
sign-out = Sign out
or = or
save = Save
continue = Continue
more = More
begin-again = Begin again
mistakes = Something needs your attention
title-mistake = Mistake:

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

## Signing in and registering

label-login = E-mail or user name
label-password = Password
label-remember = Stay signed in in this browser
label-name = Your name
label-email = E-mail
label-username = User name (optional)
label-invite = Invitation
hint-username = Small letters, digits and -. It never changes: courses that you publish are named after it.
hint-invite = The code that you were given; it begins with progyi_.
sign-in-for-device = Sign in to let your device in.
sign-in-github = Sign in with GitHub
sign-up-github = Register with GitHub
no-account = No account yet?
has-account = You have an account?
sign-up-closed = Who registers here needs an invitation from those who run this server.

wrong-login = This name and password do not belong together. Try again.
wrong-password = This is not your password.
wrong-password-short = At least { $count ->
    [one] 1 character
   *[other] { $count } characters
}
wrong-password-long = At most { $count ->
    [one] 1 character
   *[other] { $count } characters
}
wrong-email = This is no e-mail address. Write it like ana@example.org.
wrong-email-taken = Somebody has this address already. Is it you? Then sign in.
wrong-username = A user name has small letters, digits, -, _ and ., and begins with a letter or digit.
wrong-username-taken = Somebody has this user name already. Choose another.
wrong-invite = This invitation is unknown, used, too old, or for another address. Ask for a new one.
wrong-closed = Without an invitation nobody can register here. Ask those who run this server for one.
wrong-name = A name has 1 to 100 characters.

## GitHub

title-github-failed = Signing in did not work
github-denied = You did not allow it on GitHub's page. Nothing was changed.
github-too-old = It took too long, was tried twice, or began in another browser. Try again.
github-not-linked = Somebody here has your address already. If it is you, sign in as you did before, and link GitHub on your account page.
github-of-another = This GitHub account belongs to another person here.
github-unable = The account could not be linked. If another GitHub account is linked already, unlink that first.
github-closed = Only people with an invitation can register here.
github-failed = GitHub and this server did not understand each other. Try again in a moment.

## Devices

title-device = Let a device in
label-code = Code
hint-code = Your terminal shows it after “progy login”: eight letters.
device-asks = A device wants to use your account.
device-compare = Your terminal must show the same code.
device-name = Device
device-nameless = without a name
device-program = Program
device-address = From
device-when = Asked
device-approve = Let it in
device-deny = Turn it away
device-warning = Let it in only if you have just run “progy login” yourself. Whoever sent you here instead would get into your account.
device-unknown = There is no such code. Look at your terminal, and type it again.
device-expired = This code is too old. Run “progy login” again for a new one.
device-of-another = Somebody else is looking at this code. Run “progy login” again for a new one.
title-device-in = The device is in
title-device-out = The device was turned away
device-in = You can go back to the terminal: it greets you in a few seconds.
device-out = It cannot use your account. If that was a mistake, run “progy login” again.
to-account = Your account and devices

## The account

title-account = Your account
member-since = here since
role-learner = learner
role-author = author
role-admin = admin
devices = Devices and browsers
this-browser = this browser
kind-device = Device
kind-browser = Browser
used = used
sign-out-of = Sign out: { $name }
sign-out-everywhere = Sign out everywhere
sign-out-everywhere-hint = Ends all of these. Your work stays on the devices; personal access tokens stay in force.
links = Ways to sign in
link-password = Password
link-password-is = You can sign in with your e-mail or user name and a password.
link-password-none = You have none. You can set one below.
link-github = Link GitHub
link-github-why = Sign in with one click, and keep your work in repositories of yours.
unlink-github = Unlink GitHub
linked-since = linked since
tokens = Personal access tokens
tokens-why = For scripts and machines without a browser: PROGY_TOKEN, or progy login --token.
used-on = last used
never-used = never used
expires-on = ends
never-expires = never ends
revoke = Revoke
revoke-named = Revoke: { $name }
token-make = Make a token
label-token = What it is for
hint-token = So that you know it again in this list.
token-scopes = What it may do
scope-sync = Learn: courses, workspaces, progress
scope-publish = Publish courses
scope-admin = Administer
token-expires = Ends
in-days = { $count ->
    [one] tomorrow
   *[other] in { $count } days
}
never = never
token-new = Your new token
token-once = Copy it now: it is shown this once.
profile = Profile
label-current = Your password now
label-new-password = New password
label-others = Sign out everywhere else
password-change = Change the password
password-set = Set a password
wrong-scopes = Choose at least one thing that the token may do.
wrong-label = At most { $count ->
    [one] 1 character
   *[other] { $count } characters
} to say what a token is for.
wrong-last-account = This is your only way to sign in. Set a password first.
wrong-no-account = This is not linked any more.

done-signed-out = You are signed out.
done-name = Your name is changed.
done-password = Your password is changed.
done-session = It is signed out.
done-token = The token is revoked.
done-github-linked = GitHub is linked.
done-github-unlinked = GitHub is unlinked, and its tokens are erased.

## People

title-people = People
this-is-you = you
role-of = Role of { $name }
done-role = The role is changed.
wrong-own-role = Another admin has to change your role.
wrong-no-person = There is nobody of this name.

## When something goes wrong

title-not-found = There is nothing here
failure-not-found = The address is mistyped, or what was here is gone.
title-expired = This page was open for too long
failure-expired = Nothing was changed. Go back, load the page again, and send the form once more. Your browser has to allow cookies.
title-too-often = That was too often
failure-too-often = Nothing was changed. Try again in { $count ->
    [one] 1 second
   *[other] { $count } seconds
}.
title-forbidden = This is not allowed
failure-forbidden = Your browser says that another site sent this. If it was you, load the page here and try again.
title-unavailable = Just a moment
failure-unavailable = The server cannot do this right now. Nothing is lost; try again in a moment.
title-internal = Our mistake
failure-internal = Something went wrong here, and nothing of yours is lost. Try again; if it stays so, tell those who run this server.
title-bad = That could not be read
failure-bad = The server could not read what the browser sent. Go back, load the page again and try once more.
