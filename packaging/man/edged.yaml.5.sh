#!/bin/sh
# Writes edged.yaml(5): the commented example on standard input, which the tests hold against the code.
cat <<'END'
.Dd November 29, 2026
.Dt EDGED.YAML 5
.Os
.Sh NAME
.Nm edged.yaml
.Nd configuration of edged
.Sh DESCRIPTION
A YAML file.
Every key is optional.
Relative paths start at the folder of the file.
Camera commands run in that folder.
.Xr edged 1
.Cm check
lists every problem in a file, each with its line.
This is the file with its defaults, and with examples as comments:
.Bd -literal
END
sed -e 's/\\/\\e/g' -e "s/^\([.']\)/\\\\\&\1/" -e 's/-/\\-/g'
cat <<'END'
.Ed
.Sh SEE ALSO
.Xr edged 1
END
