using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Secrets;

namespace PasswordSync.Providers.Contract;

/// <summary>Checks a password against what a provider declares, before anything is sent.</summary>
public static class PasswordRules
{
    /// <returns>Null if the target may take it. The reason names lengths, nothing else of the password.</returns>
    public static DeliveryOutcome.RefusedByPolicy? Check(Secret password, PasswordLimits limits)
    {
        ArgumentNullException.ThrowIfNull(password);
        ArgumentNullException.ThrowIfNull(limits);
        if (limits.NeedsWellFormedText && !password.IsWellFormed)
        {
            return new DeliveryOutcome.RefusedByPolicy("The password holds half of a surrogate pair, so it has no UTF-8 form, which this target needs.");
        }

        if (password.Length < limits.LengthMin)
        {
            return new DeliveryOutcome.RefusedByPolicy($"The password is shorter than the {limits.LengthMin} characters that this target takes at least.");
        }

        return password.Length <= limits.LengthMax
            ? null
            : new DeliveryOutcome.RefusedByPolicy($"The password is longer than the {limits.LengthMax} characters that this target takes at most.");
    }
}
