using PasswordSync.Core.Deliveries;
using PasswordSync.Ldap;
using PasswordSync.Providers.Directories;

namespace PasswordSync.Providers.ActiveDirectory;

/// <summary>What it means that a domain controller could not be read.</summary>
internal static class ReadRefusals
{
    /// <summary>How many of the hosts are named that an answer refers to.</summary>
    private const int HostsMax = 3;

    /// <summary>A request that only reads failed.</summary>
    public static DeliveryOutcome Classify(LdapException e) => e is { Kind: LdapErrorKind.Result, Result.Code: LdapResultCode.Referral }
        ? new DeliveryOutcome.TargetMisconfigured($"{e.Message} {ExplainReferral(e.Result)} Check base.")
        : DirectoryFailures.OfReading(e);

    /// <summary>Where a referral (RFC 4511, 4.1.10) leads, and why nobody goes there.</summary>
    public static string ExplainReferral(LdapResult result)
    {
        var hosts = result.Referrals
            .Select(url => Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.HostNameType == UriHostNameType.Dns ? uri.Host : null)
            .OfType<string>().Distinct(StringComparer.OrdinalIgnoreCase).Take(HostsMax).ToList();
        var refers = hosts.Count == 0 ? "The server refers to another one, which it does not name:" : $"The server refers to {string.Join(", ", hosts)}:";
        return $"{refers} it is read-only, or the account is in another domain. Referrals are not followed. Name controllers of that domain that can be written (servers, domain), or set forest = true with a rule by what is unique in the forest (match), which finds and writes the accounts of all domains of a forest.";
    }
}
