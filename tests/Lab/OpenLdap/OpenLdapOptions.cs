namespace PasswordSync.Lab;

/// <summary>What kind of OpenLDAP directory a test wants.</summary>
public sealed record OpenLdapOptions
{
    /// <summary>The directory's suffix: two labels, such as <c>dc=gamma,dc=test</c>.</summary>
    public string Suffix { get; init; } = "dc=gamma,dc=test";

    /// <summary>How many users exist from the start: see <see cref="LabUser.Numbered"/>. 1,000 take about a second.</summary>
    public int Users { get; init; } = 10;

    /// <summary>False: the server may lose its last writes in a power cut (dbnosync), and is three times as fast.</summary>
    public bool SynchronousWrites { get; init; } = true;

    /// <summary>ppolicy's pwdMinLength; applies to everyone but <see cref="OpenLdapServer.AdministratorName"/>.</summary>
    public int MinimumLength { get; init; } = 8;

    /// <summary>ppolicy's pwdInHistory; 0 to allow former passwords.</summary>
    public int HistoryLength { get; init; } = 3;

    /// <summary>
    /// ppolicy's pwdMaxFailure: wrong passwords until an account is locked for ten minutes. 0 never locks: the default, because a
    /// test that waits for a new password to arrive tries it before.
    /// </summary>
    public int LockoutThreshold { get; init; }

    /// <summary>False: the synchronisation account may not read the password policy.</summary>
    public bool ShowsPolicy { get; init; } = true;
}
