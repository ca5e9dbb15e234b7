using PasswordSync.Core.Deliveries;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.Http;

/// <summary>A secret that goes into a header. A header is a string: <c>docs/security.md</c>.</summary>
internal static class HeaderSecret
{
    /// <param name="secrets">Resolves the reference.</param>
    /// <param name="reference">To the secret.</param>
    /// <param name="what">What people call it; the beginning of a sentence.</param>
    /// <param name="make">Makes of it what the request needs.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>What was made, or why nothing was.</returns>
    public static async Task<(THeader? Header, DeliveryOutcome? Obstacle)> ReadAsync<THeader>(ISecretReferences secrets, string reference, string what, Func<string, THeader> make, CancellationToken cancellationToken)
        where THeader : class
    {
        switch (await secrets.ResolveAsync(reference, cancellationToken))
        {
            case SecretResolution.Resolved resolved:
                using (resolved.Secret)
                {
                    return resolved.Secret.Reveal().IndexOfAnyExceptInRange('!', '~') < 0
                        ? (make(resolved.Secret.Reveal().ToString()), null)
                        : (null, new DeliveryOutcome.TargetMisconfigured($"{what} holds a blank or a character outside ASCII."));
                }

            case SecretResolution.Refused refused:
                return (null, new DeliveryOutcome.TargetMisconfigured($"{what} cannot be had. {refused.Reason}"));
            case var unknown:
                throw new InvalidOperationException($"Internal error: unknown resolution {unknown.GetType().Name}.");
        }
    }
}
