using PasswordSync.Ldap.Wire;

namespace PasswordSync.Ldap;

/// <summary>What a server says of its own accord (RFC 4511, 4.4).</summary>
internal static class Unsolicited
{
    private const string NoticeOfDisconnectionOid = "1.3.6.1.4.1.1466.20036";

    /// <summary>The failure that a notice of disconnection means; null for any other notice, which is to be ignored.</summary>
    public static LdapException? Failure(LdapMessage message)
    {
        if (message.Operation != LdapTags.ExtendedResponse) return null;
        var notice = ResponseParser.Extended(message);
        return notice.Name == NoticeOfDisconnectionOid
            ? new LdapException(LdapErrorKind.Closed, $"The server ended the connection with {notice.Result}.") { Result = notice.Result }
            : null;
    }
}
