namespace PasswordSync.Ldap;

/// <summary>
/// A connection or a request failed. <see cref="Exception.Message"/> is for people and never holds the server's diagnostic text, because
/// servers echo values in it; that text is in <see cref="LdapResult.DiagnosticMessage"/> only.
/// </summary>
public sealed class LdapException : Exception
{
    internal LdapException(LdapErrorKind kind, string message, Exception? inner = null)
        : base(message, inner) => Kind = kind;

    /// <summary>Why it failed.</summary>
    public LdapErrorKind Kind { get; }

    /// <summary>Whether the request had left this process; <see cref="LdapSent.No"/> for failures to connect and to bind.</summary>
    public LdapSent RequestWasSent { get; internal init; }

    /// <summary>
    /// True if the request may have taken effect although it failed: it was sent, or partly, and no answer came. False if it was not
    /// sent, or the server answered that it did not do it.
    /// </summary>
    public bool OutcomeIsUnknown => RequestWasSent != LdapSent.No && Kind != LdapErrorKind.Result;

    /// <summary>
    /// The server's answer: always there for <see cref="LdapErrorKind.Result"/>; for <see cref="LdapErrorKind.TlsFailed"/> if the server
    /// refused StartTLS; for <see cref="LdapErrorKind.Closed"/> if the server said why; else null.
    /// </summary>
    public LdapResult? Result { get; internal init; }

    /// <summary>What was wrong with the certificate; set for the two kinds that speak of one.</summary>
    public LdapCertificateFailure? Certificate { get; internal init; }

    /// <summary>Whether another server would refuse the same credential too, and count that as one more wrong password.</summary>
    public bool RefusesCredential => IsAboutCredential || Result?.Code == LdapResultCode.InvalidCredentials;

    /// <summary>As <see cref="RefusesCredential"/>, where no result code of a server says so.</summary>
    internal bool IsAboutCredential { get; init; }

    /// <summary>The same failure, told of another request.</summary>
    internal LdapException ForRequest(LdapSent sent) => new(Kind, Message, InnerException)
    {
        RequestWasSent = sent,
        Result = Result,
        Certificate = Certificate,
        IsAboutCredential = IsAboutCredential,
    };

    internal static LdapException Protocol(string message, Exception? inner = null) => new(LdapErrorKind.ProtocolError, message, inner);

    internal static LdapException Answered(string operation, string server, LdapResult result)
    {
        var code = ActiveDirectoryDiagnostics.ErrorCode(result) is { } win32 ? $", {win32:X8}" : "";
        return new LdapException(
            LdapErrorKind.Result,
            $"{server} answered the {operation} with {result.Code} ({(int)result.Code}{code}).")
        {
            RequestWasSent = LdapSent.Yes,
            Result = result,
        };
    }
}
