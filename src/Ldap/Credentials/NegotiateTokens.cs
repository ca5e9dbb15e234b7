using System.Net.Security;

namespace PasswordSync.Ldap;

/// <summary>
/// Makes the tokens of one negotiation. Kerberos libraries talk to the KDC inside the call and cannot be interrupted, so each call has a
/// thread of its own: when the time is up the caller goes on, and the thread ends when the library gives up.
/// </summary>
internal sealed class NegotiateTokens(NegotiateAuthentication context) : IDisposable
{
    private Task making = Task.CompletedTask;

    /// <summary>Whether both sides have proven who they are.</summary>
    public bool IsAuthenticated => context.IsAuthenticated;

    /// <summary>Takes the server's token, if any, and makes the next one, which is empty if there is nothing more to say.</summary>
    public async Task<(byte[] Token, NegotiateAuthenticationStatusCode Status)> NextAsync(ReadOnlyMemory<byte> incoming, CancellationToken cancellationToken)
    {
        var step = Task.Factory.StartNew(
            () =>
            {
                var token = context.GetOutgoingBlob(incoming.Span, out var status);
                return (token ?? [], status);
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        making = step;
        try
        {
            return await step.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new LdapException(LdapErrorKind.NegotiationFailed, $"The system's Kerberos or NTLM library failed: {e.Message}", e);
        }
    }

    /// <summary>Disposes of the context, once no thread is inside it any more.</summary>
    public void Dispose() => _ = making.ContinueWith(
        static (_, state) => ((NegotiateAuthentication)state!).Dispose(),
        context,
        CancellationToken.None,
        TaskContinuationOptions.ExecuteSynchronously,
        TaskScheduler.Default);
}
