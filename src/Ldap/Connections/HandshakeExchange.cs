using System.Formats.Asn1;
using System.Security.Cryptography;
using PasswordSync.Ldap.Wire;

namespace PasswordSync.Ldap;

/// <summary>
/// One request and its answer at a time, before a connection's loops run: for steps that change what the stream is (StartTLS, a sealing
/// bind). It never reads beyond an answer, so that nothing that was sent in clear is taken for what came over TLS or under a seal.
/// </summary>
internal sealed class HandshakeExchange(int messageSizeMax)
{
    /// <summary>The id that the next request gets.</summary>
    public int NextMessageId { get; private set; } = 1;

    public async Task<LdapMessage> AskAsync(Stream stream, Action<AsnWriter> writeOperation, CancellationToken cancellationToken)
    {
        var id = NextMessageId++;
        var encoded = MessageEncoder.Encode(id, writeOperation, []);
        try
        {
            await stream.WriteAsync(encoded, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(encoded);
        }

        var answer = await MessageReader.ReadAsync(stream, messageSizeMax, cancellationToken).ConfigureAwait(false)
            ?? throw new LdapException(LdapErrorKind.Closed, "The server closed the connection instead of an answer.");
        var message = LdapMessage.Parse(answer);
        if (message.Id == 0) throw Unsolicited.Failure(message) ?? LdapException.Protocol("The server sent a notice where an answer was due.");
        return message.Id == id ? message : throw LdapException.Protocol($"The server answered request {message.Id} where {id} was asked.");
    }
}
