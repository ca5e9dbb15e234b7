using System.Net.Security;

namespace PasswordSync.Ldap;

/// <summary>
/// Makes the tokens of one negotiation. Kerberos libraries talk to the KDC inside their calls (the very creation of the context among them)
/// and cannot be interrupted, so each call has a thread of its own: when the time is up the caller goes on, and the thread ends when the
/// library gives up.
/// </summary>
internal sealed class NegotiateTokens(NegotiateAuthenticationClientOptions options) : IDisposable
{
    private Task making = Task.CompletedTask;
    private NegotiateAuthentication? context;

    /// <summary>The context; only once a token was made.</summary>
    public NegotiateAuthentication Context => context ?? throw new InvalidOperationException("Internal error: no token was made yet.");

    /// <summary>Takes the server's token, if any, and makes the next one, which is empty if there is nothing more to say.</summary>
    public async Task<(byte[] Token, NegotiateAuthenticationStatusCode Status)> NextAsync(ReadOnlyMemory<byte> incoming, CancellationToken cancellationToken)
    {
        var step = Task.Factory.StartNew(
            () =>
            {
                context ??= new NegotiateAuthentication(options);
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
        static (step, state) =>
        {
            // Nobody waits for a step that was given up; looking at its failure keeps it from being reported as forgotten.
            _ = step.Exception;
            ((NegotiateTokens)state!).context?.Dispose();
        },
        this,
        CancellationToken.None,
        TaskContinuationOptions.ExecuteSynchronously,
        TaskScheduler.Default);
}
