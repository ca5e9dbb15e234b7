using System.Formats.Asn1;
using System.Net.Security;
using PasswordSync.Ldap.Wire;

namespace PasswordSync.Ldap;

/// <summary>The SASL bind with GSS-SPNEGO (RFC 4511, 4.2; MS-ADTS 5.1.1.1.2).</summary>
internal static class NegotiateBind
{
    private const string Mechanism = "GSS-SPNEGO";
    private const int ProtocolVersion = 3;
    private const int SaslTag = 3;

    /// <summary>How many tokens may go each way; Kerberos needs one or two, NTLM two.</summary>
    private const int RoundsMax = 8;

    /// <summary>What a seal may add to a message, generously.</summary>
    private const int SealOverheadMax = 1024;

    /// <summary>
    /// Binds, and returns the sealed stream to go on with, and how long the ticket is good, if that is known. Owns the link's stream only
    /// from its successful return on.
    /// </summary>
    public static async Task<(SealedStream Stream, TimeSpan? TicketRemaining)> RunAsync(Link link, NegotiateCredential credential, LdapServer server, LdapOptions options, CancellationToken cancellationToken)
    {
        var tokens = new NegotiateTokens(credential, options.ExpectedName ?? server.Host);
        try
        {
            await AuthenticateAsync(link, tokens, server, cancellationToken).ConfigureAwait(false);
            if (tokens.Context is not { IsEncrypted: true, IsSigned: true }) throw new LdapException(LdapErrorKind.NegotiationFailed, $"{server} agreed to no sealing.");
            tokens.EndWithContext();
            return (new SealedStream(link.Stream, tokens.Context, options.MessageSizeMax + SealOverheadMax), tokens.TicketRemaining);
        }
        catch (Exception e)
        {
            if (e is LdapException { Kind: LdapErrorKind.Result or LdapErrorKind.NegotiationFailed }) tokens.ForgetTickets();
            tokens.Dispose();
            throw;
        }
    }

    private static async Task AuthenticateAsync(Link link, NegotiateTokens tokens, LdapServer server, CancellationToken cancellationToken)
    {
        var incoming = ReadOnlyMemory<byte>.Empty;
        for (var round = 0; round < RoundsMax; round++)
        {
            var (token, status) = await tokens.NextAsync(incoming, cancellationToken).ConfigureAwait(false);
            VerifyStatus(status, server);
            var answer = await link.Exchange.AskAsync(link.Stream, writer => Write(writer, token), cancellationToken).ConfigureAwait(false);
            var (result, credentials) = ResponseParser.Bind(answer);
            if (result.Code == LdapResultCode.SaslBindInProgress)
            {
                incoming = credentials ?? default;
                continue;
            }

            if (result.Code != LdapResultCode.Success) throw LdapException.Answered("bind", server.ToString(), result);
            if (credentials is { IsEmpty: false } last)
            {
                (_, status) = await tokens.NextAsync(last, cancellationToken).ConfigureAwait(false);
                VerifyStatus(status, server);
            }

            if (tokens.Context.IsAuthenticated) return;
            throw new LdapException(LdapErrorKind.NegotiationFailed, $"{server} accepted the bind without proving who it is.");
        }

        throw new LdapException(LdapErrorKind.BoundExceeded, $"The negotiation with {server} did not end within {RoundsMax} tokens.");
    }

    private static void VerifyStatus(NegotiateAuthenticationStatusCode status, LdapServer server)
    {
        if (!NegotiateTokens.IsFailure(status)) return;
        throw new LdapException(LdapErrorKind.NegotiationFailed, $"No Kerberos or NTLM token for {server}: {status}.")
        {
            IsAboutCredential = status is NegotiateAuthenticationStatusCode.UnknownCredentials or NegotiateAuthenticationStatusCode.InvalidCredentials,
        };
    }

    private static void Write(AsnWriter writer, byte[] token)
    {
        using (writer.PushSequence(LdapTags.Application(LdapTags.BindRequest)))
        {
            writer.WriteInteger(ProtocolVersion);
            writer.WriteText("");
            using (writer.PushSequence(LdapTags.ContextConstructed(SaslTag)))
            {
                writer.WriteText(Mechanism);
                writer.WriteOctetString(token);
            }
        }
    }
}
