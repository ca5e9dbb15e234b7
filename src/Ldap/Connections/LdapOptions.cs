namespace PasswordSync.Ldap;

/// <summary>How connections are made and what bounds them. Immutable; <see cref="Validate"/> is called by whoever takes it.</summary>
public sealed record LdapOptions
{
    /// <summary>The longest time-out there is.</summary>
    public static readonly TimeSpan TimeoutMax = TimeSpan.FromDays(1);

    /// <summary>How connections are protected; <see cref="LdapSecurity.Ldaps"/> by default.</summary>
    public LdapSecurity Security { get; init; } = LdapSecurity.Ldaps;

    /// <summary>Whose certificates are believed; the system's roots by default.</summary>
    public LdapTrust Trust { get; init; } = LdapTrust.SystemStore;

    /// <summary>The name that the certificate must be made for; null (the default) for the server's own <see cref="LdapServer.Host"/>.</summary>
    public string? ExpectedName { get; init; }

    /// <summary>Whether passwords may go over a connection that is neither encrypted nor sealed; false by default. For laboratories.</summary>
    public bool AllowSecretsInClear { get; init; }

    /// <summary>How long name resolution, TCP, TLS and StartTLS together may take, and the bind again as long; 10 s by default.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a request waits for its answer unless it says otherwise; 30 s by default. Also how long the server may take to accept one
    /// message: after that the connection ends.
    /// </summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The largest message taken from a server, in bytes; 10 MiB by default (what Active Directory itself takes). A larger one closes the
    /// connection.
    /// </summary>
    public int MessageSizeMax { get; init; } = 10 * 1024 * 1024;

    /// <summary>How many requests may wait for their answers on one connection; 256 by default. One more is refused at once.</summary>
    public int PendingRequestsMax { get; init; } = 256;

    /// <summary>How many entries one search, or one page of a paged search, may return; 10,000 by default. One more ends the search.</summary>
    public int SearchEntriesMax { get; init; } = 10_000;

    /// <summary>How many bytes the entries of one search, or of one page, may have together; 64 MiB by default. More ends the search.</summary>
    public long SearchBytesMax { get; init; } = 64 * 1024 * 1024;

    /// <summary>How many entries all pages of a paged search may have together; 5,000,000 by default. One more ends the search.</summary>
    public long PagedEntriesMax { get; init; } = 5_000_000;

    /// <summary>
    /// How long a connection that Kerberos seals is used before the next one takes over; 1 hour by default, up to a day. Less where the
    /// ticket is known to end earlier.
    /// </summary>
    public TimeSpan SealedConnectionMax { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Checks every value.</summary>
    /// <exception cref="ArgumentException">A value is out of its range; the message names it, its value and the range.</exception>
    public void Validate()
    {
        Require(Enum.IsDefined(Security), nameof(Security), Security, "Ldaps, StartTls or None");
        Require(ConnectTimeout > TimeSpan.Zero && ConnectTimeout <= TimeoutMax, nameof(ConnectTimeout), ConnectTimeout, "more than zero and at most a day");
        Require(RequestTimeout > TimeSpan.Zero && RequestTimeout <= TimeoutMax, nameof(RequestTimeout), RequestTimeout, "more than zero and at most a day");
        Require(SealedConnectionMax > TimeSpan.Zero && SealedConnectionMax <= TimeoutMax, nameof(SealedConnectionMax), SealedConnectionMax, "more than zero and at most a day");
        Require(MessageSizeMax is >= 1024 and <= 1024 * 1024 * 1024, nameof(MessageSizeMax), MessageSizeMax, "1024 to 1 GiB");
        Require(PendingRequestsMax is >= 1 and <= 100_000, nameof(PendingRequestsMax), PendingRequestsMax, "1 to 100,000");
        Require(SearchEntriesMax >= 1, nameof(SearchEntriesMax), SearchEntriesMax, "at least 1");
        Require(SearchBytesMax >= 1024, nameof(SearchBytesMax), SearchBytesMax, "at least 1024");
        Require(PagedEntriesMax >= 1, nameof(PagedEntriesMax), PagedEntriesMax, "at least 1");
    }

    private static void Require(bool valid, string name, object value, string range)
    {
        if (!valid) throw new ArgumentException($"{name} is {value}; it must be {range}.", name);
    }
}
