using System.Net.Security;

namespace PasswordSync.Ldap;

/// <summary>
/// Makes the tokens of one negotiation. Kerberos libraries talk to the KDC inside their calls (the very creation of the context among them)
/// and cannot be interrupted, so each call has a thread of its own: when the time is up the caller goes on, and the thread ends when the
/// library gives up.
/// </summary>
internal sealed class NegotiateTokens(NegotiateCredential credential, string host) : IDisposable
{
    private const string Service = "ldap";

    private readonly TicketUse? tickets = KerberosTickets.Begin(credential);
    private Task making = Task.CompletedTask;
    private NegotiateAuthentication? context;

    /// <summary>The context; only once a token was made.</summary>
    public NegotiateAuthentication Context => context ?? throw new InvalidOperationException("Internal error: no token was made yet.");

    /// <summary>How long the ticket is good that the first token was made with; null if nobody says so.</summary>
    public TimeSpan? TicketRemaining { get; private set; }

    /// <summary>Takes the server's token, if any, and makes the next one, which is empty if there is nothing more to say.</summary>
    public async Task<(byte[] Token, NegotiateAuthenticationStatusCode Status)> NextAsync(ReadOnlyMemory<byte> incoming, CancellationToken cancellationToken)
    {
        var step = Task.Factory.StartNew(
            () =>
            {
                if (context is null) Begin();
                var token = context!.GetOutgoingBlob(incoming.Span, out var status);
                if (incoming.IsEmpty && IsFailure(status) && KerberosTickets.Explain(credential, tickets, Service, host) is { } reason) throw reason;
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
        catch (Exception e) when (e is not (OperationCanceledException or LdapException))
        {
            throw new LdapException(LdapErrorKind.NegotiationFailed, $"The system's Kerberos or NTLM library failed: {e.Message}", e);
        }
    }

    public static bool IsFailure(NegotiateAuthenticationStatusCode status) =>
        status is not (NegotiateAuthenticationStatusCode.Completed or NegotiateAuthenticationStatusCode.ContinueNeeded);

    /// <summary>On the thread that makes the first token: only that one is led to the credential's tickets.</summary>
    private void Begin()
    {
        TicketRemaining = KerberosTickets.Prepare(credential, tickets);
        context = new NegotiateAuthentication(new NegotiateAuthenticationClientOptions
        {
            Package = "Negotiate",
            Credential = credential.Credential,
            TargetName = $"{Service}/{host}",
            RequiredProtectionLevel = ProtectionLevel.EncryptAndSign,
            RequireMutualAuthentication = true,
        });
    }

    /// <summary>The server refused the tickets: binds that begin from now on ask for new ones.</summary>
    public void ForgetTickets() => tickets?.Forget();

    /// <summary>Ends the use of the tickets and leaves the context, which needs them no more, to the caller.</summary>
    public void EndWithContext() => tickets?.Dispose();

    /// <summary>Disposes of the context, once no thread is inside it any more.</summary>
    public void Dispose() => _ = making.ContinueWith(
        static (step, state) =>
        {
            // Nobody waits for a step that was given up; looking at its failure keeps it from being reported as forgotten.
            _ = step.Exception;
            var tokens = (NegotiateTokens)state!;
            tokens.context?.Dispose();
            tokens.tickets?.Dispose();
        },
        this,
        CancellationToken.None,
        TaskContinuationOptions.ExecuteSynchronously,
        TaskScheduler.Default);
}
