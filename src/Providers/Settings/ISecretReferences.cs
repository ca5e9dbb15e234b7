using PasswordSync.Core.Secrets;

namespace PasswordSync.Providers.Settings;

/// <summary>Resolves references to secrets (<c>file:/path</c>, <c>env:NAME</c>). The configuration holds references only, never values.</summary>
public interface ISecretReferences
{
    /// <summary>Reads the secret now, so that one that was replaced is seen at the next connection.</summary>
    ValueTask<SecretResolution> ResolveAsync(string reference, CancellationToken cancellationToken);
}

/// <summary>What resolving a reference came to. A closed set.</summary>
public abstract record SecretResolution
{
    private SecretResolution() { }

    /// <summary>The secret, which the caller owns and disposes.</summary>
    public sealed record Resolved(Secret Secret) : SecretResolution;

    /// <summary>It cannot be had.</summary>
    /// <param name="Reason">Why and what to do, for people; names the reference, not its content.</param>
    public sealed record Refused(string Reason) : SecretResolution;
}
