namespace PasswordSync.Ldap;

/// <summary>A server's answer to one request (LDAPResult of RFC 4511, 4.1.9).</summary>
public sealed class LdapResult
{
    internal LdapResult(LdapResultCode code, string matchedDn, string diagnosticMessage, IReadOnlyList<string> referrals)
    {
        Code = code;
        MatchedDn = matchedDn;
        DiagnosticMessage = diagnosticMessage;
        Referrals = referrals;
    }

    /// <summary>The result code.</summary>
    public LdapResultCode Code { get; }

    /// <summary>The nearest existing superior of a name that was not found; often empty.</summary>
    public string MatchedDn { get; }

    /// <summary>
    /// The server's own words, as sent. They may echo values of the request, passwords among them: redact before they are logged or kept.
    /// </summary>
    public string DiagnosticMessage { get; }

    /// <summary>URLs of servers that may know more; never followed by this library.</summary>
    public IReadOnlyList<string> Referrals { get; }

    /// <summary>The controls that came with the answer.</summary>
    public IReadOnlyList<LdapControl> Controls { get; internal init; } = [];

    /// <summary>The code only, never the diagnostic text.</summary>
    public override string ToString() => $"{Code} ({(int)Code})";
}
