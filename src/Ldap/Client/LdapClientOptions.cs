namespace PasswordSync.Ldap;

/// <summary>Which servers a client uses, and how. Immutable.</summary>
public sealed record LdapClientOptions
{
    /// <summary>The most servers that a list may have.</summary>
    public const int ServersMax = 32;

    /// <summary>The servers in the order of preference, 1 to <see cref="ServersMax"/>. All hold the same data.</summary>
    public required IReadOnlyList<LdapServer> Servers { get; init; }

    /// <summary>
    /// Finds the servers in place of <see cref="Servers"/>, which is empty then; called before each connection that is made. Its
    /// <see cref="LdapException"/> is the failure to connect.
    /// </summary>
    public Func<CancellationToken, Task<IReadOnlyList<LdapServer>>>? FindServers { get; init; }

    /// <summary>How connections are made and bounded.</summary>
    public LdapOptions Connection { get; init; } = new();

    /// <summary>
    /// How long after it last took a connection a server is tried first, before those that are preferred; 5 minutes by default. Then the
    /// next connection that is needed tries the list from its start. Zero: always from the start.
    /// </summary>
    public TimeSpan KeepServerFor { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// After no server could be used, callers get the same failure again without new attempts for this long; 1 s by default, up to a
    /// minute. Zero: every caller tries again.
    /// </summary>
    public TimeSpan PauseAfterFailure { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Checks every value.</summary>
    /// <exception cref="ArgumentException">A value is out of its range; the message names it, its value and the range.</exception>
    public void Validate()
    {
        Require(FindServers is not null || Servers.Count is >= 1 and <= ServersMax, nameof(Servers), Servers.Count, $"1 to {ServersMax} servers");
        Require(KeepServerFor >= TimeSpan.Zero && KeepServerFor <= LdapOptions.TimeoutMax, nameof(KeepServerFor), KeepServerFor, "zero to a day");
        Require(PauseAfterFailure >= TimeSpan.Zero && PauseAfterFailure <= TimeSpan.FromMinutes(1), nameof(PauseAfterFailure), PauseAfterFailure, "zero to a minute");
        Connection.Validate();
    }

    private static void Require(bool valid, string name, object value, string range)
    {
        if (!valid) throw new ArgumentException($"{name} is {value}; it must be {range}.", name);
    }
}
