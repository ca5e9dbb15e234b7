using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Secrets;
using PasswordSync.Providers.Contract;

namespace PasswordSync.Providers.EntraId;

/// <summary>Which passwords Entra ID takes (its page on password policies). Kinds of characters and banned words it judges itself.</summary>
internal static class EntraPasswords
{
    private const string AllowedCharacters = "ASCII letters, digits, symbols and blanks";

    /// <summary>The same for all tenants. A password that is reset may be one that was used before; when it expires is for each domain of the tenant to say.</summary>
    public static readonly PasswordLimits Limits = new(LengthMin: 8, LengthMax: 256, NeedsWellFormedText: true, AllowedCharacters, HistoryLength: 0) { IsComplex = true };

    /// <summary>Graph takes other characters here and there, but then the user cannot sign in everywhere.</summary>
    /// <returns>Null if it may take it.</returns>
    public static DeliveryOutcome.RefusedByPolicy? Check(Secret password) =>
        password.Reveal().IndexOfAnyExceptInRange(' ', '~') < 0
            ? null
            : new DeliveryOutcome.RefusedByPolicy($"The password holds a character that Entra ID does not take; it takes {AllowedCharacters}.");
}
