namespace PasswordSync.Ldap;

/// <summary>Runs something for a bounded time and tells whose cancellation ended it.</summary>
internal static class Deadline
{
    /// <exception cref="LdapException">What <paramref name="timedOut"/> makes, if the time was up.</exception>
    /// <exception cref="OperationCanceledException">The caller's own token, and no other, was cancelled.</exception>
    public static async Task<T> RunAsync<T>(
        TimeSpan timeout,
        TimeProvider clock,
        Func<LdapException> timedOut,
        Func<CancellationToken, Task<T>> run,
        CancellationToken cancellationToken)
    {
        using var own = new CancellationTokenSource(timeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(own.Token, cancellationToken);
        try
        {
            return await run(either.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (either.IsCancellationRequested && e is OperationCanceledException or IOException or ObjectDisposedException or LdapException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw timedOut();
        }
    }
}
