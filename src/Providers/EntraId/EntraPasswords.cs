using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Secrets;

namespace PasswordSync.Providers.EntraId;

/// <summary>Which passwords Entra ID takes (its page on password policies). Kinds of characters and banned words it judges itself.</summary>
internal static class EntraPasswords
{
    public const int LengthMin = 8;
    public const int LengthMax = 256;
    public const string AllowedCharacters = "ASCII letters, digits, symbols and blanks";

    /// <summary>Graph takes other characters here and there, but then the user cannot sign in everywhere.</summary>
    /// <returns>Null if it may take it.</returns>
    public static DeliveryOutcome.RefusedByPolicy? Check(Secret password) =>
        password.Reveal().IndexOfAnyExceptInRange(' ', '~') < 0
            ? null
            : new DeliveryOutcome.RefusedByPolicy($"The password holds a character that Entra ID does not take; it takes {AllowedCharacters}.");
}
