using PasswordSync.Capture.Health;
using PasswordSync.Capture.Resolution;
using PasswordSync.EdgeNode.Settings;
using PasswordSync.Hosting.Doctor;
using PasswordSync.Hosting.Settings;
using PasswordSync.Ldap;

namespace PasswordSync.EdgeNode.Doctor;

/// <summary>The domain controller as the edge sees it: whether it answers, its clock, its policies; and what captures on it.</summary>
/// <param name="configuration">The edge's configuration.</param>
/// <param name="inspector">Looks at Windows' filter; null on Samba.</param>
/// <param name="smbConf">Samba's configuration file; null for the one that was built in.</param>
/// <param name="clock">The clock.</param>
internal sealed class SourceChecks(EdgeSettingsFile configuration, IFilterInspector? inspector, string? smbConf, TimeProvider clock)
{
    public async Task<IEnumerable<Finding>> RunAsync(CancellationToken cancellationToken) =>
    [
        .. await DirectoryAsync(cancellationToken).ConfigureAwait(false),
        .. inspector is not null ? Filter(inspector) : await new SambaChecks(configuration, smbConf).RunAsync(cancellationToken).ConfigureAwait(false),
    ];

    /// <summary>What is to be said about Windows' password filter.</summary>
    internal static IEnumerable<Finding> Filter(IFilterInspector inspector)
    {
        const string what = "password filter";
        FilterSetup setup;
        try
        {
            setup = inspector.Look();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return [Finding.NotChecked(what, failure.Message, "Run doctor as an administrator.")];
        }

        return
        [
            setup.WhyNotCapturing() is { } why ? Finding.Bad(what, $"It does not capture: {why}", "As it says; docs/operations/install-windows.md.") : Finding.Good(what, $"LSASS has loaded it, and it captures; its DLL is {setup.Signature}."),
            setup.WhySettingsAreOld() is { } old ? Finding.Warning($"{what}: capture file", $"The one before is in force: {old}.", "See the edge's log; it writes the file anew at each change.") : Finding.Good($"{what}: capture file", "It is in force."),
            setup.Unguarded is { } unguarded ? Finding.Bad($"{what}: rights", $"{unguarded}.", "Repair the installation, which sets the rights, and look who changed them.") : Finding.Good($"{what}: rights", "Only SYSTEM and the administrators may change what it trusts."),
            setup is { HasLsaProtection: true, Status: null }
                ? Finding.Bad("LSA protection", $"It is on (RunAsPPL), and the DLL is {setup.Signature}: LSASS loads only what Microsoft signed.", "docs/operations/install-windows.md, \"LSA protection\".")
                : Finding.Good("LSA protection", setup.HasLsaProtection ? "It is on, and the filter is loaded all the same." : "It is off: LSASS loads the filter."),
            setup.Status is { Losses.Total: > 0 and var lost } ? Finding.Warning($"{what}: losses", $"Since LSASS started {lost} changes were not captured: {setup.Status.Losses}.", "Have these passwords changed again.") : Finding.Good($"{what}: losses", "It lost nothing since LSASS started."),
            Finding.Good("other notification packages", setup.OtherPackages.IsEmpty ? "LSASS is told to load no other." : $"LSASS is told to load {string.Join(", ", setup.OtherPackages)}, too."),
        ];
    }

    /// <summary>What is to be said about the domain's password policies.</summary>
    /// <param name="found">What the edge's account sees of them.</param>
    /// <param name="isHookAlwaysCalled">Whether they do not matter: Windows calls its filter whatever they say.</param>
    internal static Finding Policies(ComplexityFinding found, bool isHookAlwaysCalled)
    {
        const string what = "directory: policies";
        if (isHookAlwaysCalled) return Finding.Good(what, "No password policy keeps the filter from being called.");
        if (!found.Without.IsEmpty) return Finding.Bad(what, $"{string.Join(" and ", found.Without)} has no complexity rule: Samba does not call the hook for it.", "Switch its complexity rule on.");
        return found.SeesFineGrained
            ? Finding.Good(what, "No password policy keeps the hook from being called.")
            : Finding.Warning(what, "The domain's own policy has a complexity rule; whether a fine-grained one has none, so that Samba does not call the hook for it, cannot be told: the edge's account may not read them.", EdgeAlarm.PoliciesHidden.Remedy);
    }

    private async Task<IEnumerable<Finding>> DirectoryAsync(CancellationToken cancellationToken)
    {
        const string what = "directory";
        try
        {
            var client = await EdgeConnections.ToDirectoryAsync(configuration, clock, cancellationToken).ConfigureAwait(false);
            await using (client.ConfigureAwait(false))
            {
                var directory = new LdapSourceDirectory(client, clock);
                var complexity = await directory.FindWithoutComplexityAsync(cancellationToken).ConfigureAwait(false);
                var isReadOnly = await directory.IsReadOnlyAsync(cancellationToken).ConfigureAwait(false);
                var asked = clock.GetUtcNow();
                var theirs = await directory.ReadClockAsync(cancellationToken).ConfigureAwait(false);
                return
                [
                    Finding.Good(what, $"{configuration.Edge.Directory.Server} answers, and takes the edge's account."),
                    isReadOnly ? Finding.Warning($"{what}: role", "This domain controller is read-only: passwords are set on others, and nothing is captured here.", "Install the edge on every writable domain controller.") : Finding.Good($"{what}: role", "This domain controller is writable: passwords are set here."),
                    MachineChecks.Clock($"{what}: clock", MachineChecks.ClockOffset(asked, theirs, clock.GetUtcNow())),
                    Policies(complexity, isHookAlwaysCalled: inspector is not null),
                ];
            }
        }
        catch (Exception failure) when (failure is DirectoryUnavailableException or SettingsException or LdapException or IOException or UnauthorizedAccessException)
        {
            return [Finding.Bad(what, failure.Message, "Correct 'directory' in edge.json: server, security, roots, user, password.")];
        }
    }
}
