using PasswordSync.Core.Deliveries;
using PasswordSync.Providers.Contract;

namespace PasswordSync.Providers.Probing;

/// <summary>How an account's mark compares with the one that was journalled.</summary>
public enum MarkComparison
{
    /// <summary>Equal: no password was set in between.</summary>
    Same,

    /// <summary>A password was set in between.</summary>
    Different,

    /// <summary>There is none to compare, or the marks do not tell.</summary>
    Unknown,
}

/// <summary>How signing in with a password went. A closed set.</summary>
public abstract record SignInResult
{
    private SignInResult() { }

    /// <summary>The target took the password.</summary>
    public sealed record Accepted : SignInResult;

    /// <summary>The target said clearly that the password is wrong.</summary>
    public sealed record WrongPassword : SignInResult;

    /// <summary>It refused for another reason, or did not answer, or was not asked because a failure could lock the account.</summary>
    /// <param name="Reason">Why, for people; redacted.</param>
    public sealed record Unclear(string Reason) : SignInResult;
}

/// <summary>The rules of a probe, the same for all providers. At most one sign-in.</summary>
public static class ProbeProcedure
{
    /// <param name="kind">What the probe is for.</param>
    /// <param name="comparison">How the mark now compares with the one that was journalled.</param>
    /// <param name="signIn">Signs in with the new password; null if the target offers no such thing.</param>
    /// <param name="present">Makes the verdict that the password is there.</param>
    /// <remarks>
    /// After a write with unknown outcome an unchanged mark proves that nothing was written, and a changed one only that somebody wrote. In a
    /// recheck an unchanged mark proves that our write is the last one, and after a changed one writing again is right whoever wrote.
    /// </remarks>
    public static async Task<ProbeVerdict> RunAsync(
        AttemptKind kind, MarkComparison comparison, Func<Task<SignInResult>>? signIn, Func<ProbeVerdict.Present> present)
    {
        ArgumentNullException.ThrowIfNull(present);
        return (kind, comparison) switch
        {
            (AttemptKind.Write, MarkComparison.Same) => new ProbeVerdict.Absent(),
            (AttemptKind.Recheck, MarkComparison.Same) => present(),
            (AttemptKind.Recheck, MarkComparison.Different) => new ProbeVerdict.Absent(),
            (AttemptKind.Write or AttemptKind.Recheck, _) when signIn is null => new ProbeVerdict.Inconclusive("The target shows no mark that tells, and does not let a password be tried."),
            (AttemptKind.Write or AttemptKind.Recheck, _) => await signIn() switch
            {
                SignInResult.Accepted => present(),
                SignInResult.WrongPassword => new ProbeVerdict.Absent(),
                SignInResult.Unclear unclear => new ProbeVerdict.Inconclusive(unclear.Reason),
                var result => throw new InvalidOperationException($"Internal error: unknown sign-in result {result.GetType().Name}."),
            },
            _ => throw new InvalidOperationException($"Internal error: unknown kind of attempt {kind}."),
        };
    }
}
