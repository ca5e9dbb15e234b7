#!/bin/bash
# Writes into an MSI's tables what wixl cannot; called by build.sh in its folder of sources.
#
#   native/Installer/tables.sh MSI VERSION NAME=VALUE...
#
# VERSION is the product's, NAME=VALUE are wixl's variables.
set -eu
msi=$1 version=$2
shift 2
versions=$("$(dirname "$0")/file_versions.py" "$@" PasswordSync.wxs edge-files.wxs node-files.wxs)
mapfile -t queries <<<"$versions"
query() { queries+=("$1"); }

# LSASS holds the filter, which Windows Installer can then replace or remove at the next restart only. Without a user interface it would restart the domain
# controller by itself, or let the Restart Manager stop the services that hold a file, such as the event log.
query "INSERT INTO \`Property\` (\`Property\`, \`Value\`) VALUES ('REBOOT', 'ReallySuppress')"
query "INSERT INTO \`Property\` (\`Property\`, \`Value\`) VALUES ('MSIRESTARTMANAGERCONTROL', 'Disable')"

# What msiexec was given, or found, in the caller's name reaches the service that installs only if it is in this list.
secure='NODES;CLUSTER;SOURCE;REGISTRATIONKEY;FORMERNODES;FORMERCLUSTER;FORMERSOURCE;FORMERREGISTRATIONKEY'
query "UPDATE \`Property\` SET \`Value\`='SAME_VERSION_DETECTED;WIX_DOWNGRADE_DETECTED;WIX_UPGRADE_DETECTED;$secure' WHERE \`Property\`='SecureCustomProperties'"

# 769: another package of the same version is replaced, too, and its features are kept; else both would be there, and removing one would silence the other.
# Their files bear the same versions, so all are written, which else only later ones are (51 sets a property).
query "INSERT INTO \`Upgrade\` (\`UpgradeCode\`, \`VersionMin\`, \`VersionMax\`, \`Attributes\`, \`ActionProperty\`) VALUES ('{3D1C5C0E-6C5B-4F43-9D0A-7A7F0F5D2B61}', '$version', '$version', 769, 'SAME_VERSION_DETECTED')"
query "INSERT INTO \`CustomAction\` (\`Action\`, \`Type\`, \`Source\`, \`Target\`) VALUES ('WriteAllFiles', 51, 'REINSTALLMODE', 'amus')"
query "INSERT INTO \`InstallExecuteSequence\` (\`Action\`, \`Condition\`, \`Sequence\`) VALUES ('WriteAllFiles', 'SAME_VERSION_DETECTED AND NOT Installed', 65)"

# An upgrade lays the new files over the former version's before it removes that, within one transaction: what is the same in both is not touched, above all
# the filter, and a failure brings the former version back.
query "INSERT INTO \`InstallExecuteSequence\` (\`Action\`, \`Sequence\`) VALUES ('InstallExecute', 6500)"
query "UPDATE \`InstallExecuteSequence\` SET \`Sequence\`=6550 WHERE \`Action\`='RemoveExistingProducts'"

# Deferred, as SYSTEM: 3074 must succeed, 3138 need not, 3394 runs on rollback.
action() { query "INSERT INTO \`CustomAction\` (\`Action\`, \`Type\`, \`Source\`, \`Target\`) VALUES ('$1', $2, 'Setup', '$3')"; }
action MakeDataFolder 3074 'folder "[CommonAppDataFolder]PasswordSync" -'
action MakeNodeFolder 3074 'folder "[CommonAppDataFolder]PasswordSyncNode" PasswordSyncNode'
action UndoPackageAdd 3394 'packages undo PasswordSyncFilter'
action AddPackage 3074 'packages add PasswordSyncFilter'
action KeepPackage 3074 'packages add PasswordSyncFilter'
action SetEdgeRecovery 3138 'recovery PasswordSyncEdge'
action SetNodeRecovery 3138 'recovery PasswordSyncNode'
action StartNode 3138 'start PasswordSyncNode "[CommonAppDataFolder]PasswordSyncNode\node.json"'
action UndoPackageRemove 3394 'packages undo PasswordSyncFilter'
action RemovePackage 3074 'packages remove PasswordSyncFilter'

# At once, by Windows Installer itself.
keep() { query "INSERT INTO \`CustomAction\` (\`Action\`, \`Type\`, \`Source\`, \`Target\`) VALUES ('$1', 51, '$2', '[FORMER$2]')"; }
keep KeepNodes NODES
keep KeepCluster CLUSTER
keep KeepSource SOURCE
keep KeepRegistrationKey REGISTRATIONKEY

msibuild "$msi" -q "${queries[@]}"
