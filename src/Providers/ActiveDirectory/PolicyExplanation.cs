using System.Globalization;
using PasswordSync.Core.Secrets;
using PasswordSync.Ldap;

namespace PasswordSync.Providers.ActiveDirectory;

/// <summary>Finds the rule that most likely refused a password, since a domain controller does not say which.</summary>
internal static class PolicyExplanation
{
    /// <summary>DOMAIN_PASSWORD_COMPLEX of pwdProperties (MS-ADTS, attribute pwdProperties).</summary>
    private const long ComplexityBit = 1;

    /// <summary>How many kinds of characters complexity asks for (MS-SAMR 3.1.1.7.2).</summary>
    private const int KindsMin = 3;

    /// <summary>A sentence for people; empty if the policy cannot be read.</summary>
    public static async Task<string> FindAsync(LdapConnection connection, string key, Secret password, CancellationToken cancellationToken)
    {
        try
        {
            if (await DomainFacts.ReadAsync(connection, cancellationToken) is not { } domain) return "";
            var account = await AccountLookup.ReadAsync(connection, key, ["msDS-ResultantPSO"], cancellationToken);
            if (account?.GetString("msDS-ResultantPSO") is { } finer) return $"The fine-grained policy {finer} applies to this account.";
            var lengthMin = await domain.ReadPolicyAsync(connection, "minPwdLength", cancellationToken);
            if (lengthMin > password.Length) return string.Create(CultureInfo.InvariantCulture, $"Likely rule: minimum length, which is {lengthMin} here.");
            var properties = await domain.ReadPolicyAsync(connection, "pwdProperties", cancellationToken);
            if ((properties & ComplexityBit) != 0 && CountKinds(password) < KindsMin) return "Likely rule: complexity (three kinds of characters).";
            return "Likely rule: history, a name that the password contains, or a password filter of the domain.";
        }
        catch (LdapException)
        {
            return "";
        }
    }

    /// <summary>Upper case, lower case, digits, symbols, and letters without case.</summary>
    private static int CountKinds(Secret password)
    {
        var (upper, lower, digit, symbol, other) = (false, false, false, false, false);
        foreach (var c in password.Reveal())
        {
            if (char.IsUpper(c)) upper = true;
            else if (char.IsLower(c)) lower = true;
            else if (char.IsAsciiDigit(c)) digit = true;
            else if (char.IsLetter(c)) other = true;
            else symbol = true;
        }

        return new[] { upper, lower, digit, symbol, other }.Count(found => found);
    }
}
