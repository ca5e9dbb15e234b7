namespace PasswordSync.Ldap;

/// <summary>The Kerberos library has no ticket. The message is the library's own, which names principals and realms, never a key.</summary>
internal sealed class GssException(int code, string message) : Exception(message)
{
    // Codes of MIT Kerberos: the protocol's numbers (RFC 4120, 7.5.9) from ProtocolBase up, then the library's own.
    public const int TicketExpired = ProtocolBase + 32;
    private const int ProtocolBase = -1765328384;
    private const int ClientUnknown = ProtocolBase + 6;
    private const int ServiceUnknown = ProtocolBase + 7;
    private const int NoCommonEncryption = ProtocolBase + 14;
    private const int ClientRevoked = ProtocolBase + 18;
    private const int PasswordExpired = ProtocolBase + 23;
    private const int PreauthenticationFailed = ProtocolBase + 24;
    private const int ClockSkew = ProtocolBase + 37;
    private const int NoCache = -1765328243;
    private const int NoCacheFile = -1765328189;
    private const int RealmUnknown = -1765328230;
    private const int CenterUnreachable = -1765328228;

    /// <summary>The library's number for it.</summary>
    public int Code { get; } = code;

    /// <summary>Whether it may go well later without anybody doing anything: the KDC does not answer.</summary>
    public bool IsForNow => Code == CenterUnreachable;

    /// <summary>Whether it is about the server that the ticket was for, so that another one may do.</summary>
    public bool IsAboutServer => Code == ServiceUnknown;

    /// <summary>What to do, as a sentence; empty where only the library's words tell.</summary>
    /// <param name="isKeytab">Whether the ticket was to come by a keytab that the settings name.</param>
    public string Advice(bool isKeytab) => Code switch
    {
        ClientUnknown => "The domain has no such account: check bindName and realm.",
        ServiceUnknown => "No account of the domain has this service name: name the domain controller by its full DNS name, not by its address (servers), or register the name (setspn).",
        NoCommonEncryption => "The keytab has no key of a kind that the domain takes: export it with AES keys.",
        ClientRevoked => "The account is disabled, locked or expired.",
        PasswordExpired => "The account's password has expired.",
        PreauthenticationFailed when isKeytab => "The keytab's key is not the account's present one: its password was changed after the export. Export the keytab anew.",
        PreauthenticationFailed => "The key or password is not the account's present one.",
        ClockSkew => "This machine's clock and the domain's differ by more than 5 minutes: set it by the domain controllers (NTP).",
        TicketExpired => "Renew the ticket (kinit), or use a keytab, which renews by itself.",
        NoCache or NoCacheFile when !isKeytab => "Give the service a ticket cache (KRB5CCNAME) or a client keytab (KRB5_CLIENT_KTNAME), or set bindName with keytab or bindPassword.",
        RealmUnknown => "Name the realm's KDCs in krb5.conf ([realms]), or let DNS name them (_kerberos._tcp).",
        CenterUnreachable => "Check the KDCs of krb5.conf, port 88 and firewalls.",
        _ => "",
    };
}
