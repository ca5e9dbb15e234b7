using System.Collections.Immutable;
using PasswordSync.Capture.Resolution;
using PasswordSync.Core.Identities;
using PasswordSync.Hosting.Settings;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Policies;
using PasswordSync.SyncNode.Settings;

namespace PasswordSync.SyncNode.Sources;

/// <summary>Tells, for a sync point, which passwords its sources take and its target refuses, before the first one is refused.</summary>
internal sealed class PolicyChecks(NodeConfiguration configuration, SourceReaders readers)
{
    /// <summary>How many policies of one side a finding describes; it counts the others.</summary>
    private const int DescribedMax = 5;

    /// <summary>A domain shows them to administrators only, and hides that there are any.</summary>
    private const string HiddenPolicies = " No fine-grained policy of the source can be read: if it has any, let the account of bindName read the Password Settings Container to have them compared.";

    /// <summary>Compares with each source whose scopes give the point.</summary>
    /// <param name="point">The sync point.</param>
    /// <param name="provider">Its provider, for what it declares.</param>
    /// <param name="report">What verification read of the target.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <returns>For each source what was compared, then a warning for each rule of the target that is stricter. None fails: passwords that both take arrive all the same.</returns>
    public async Task<ImmutableArray<VerificationCheck>> RunAsync(string point, IProvider provider, VerificationReport report, CancellationToken cancellationToken)
    {
        var target = report.Policies.IsEmpty ? [PasswordPolicy.Of(provider.Description.Limits)] : report.Policies;
        var checks = ImmutableArray.CreateBuilder<VerificationCheck>();
        foreach (var source in configuration.Scopes.Where(scope => scope.Points.Contains(point)).Select(scope => scope.Source).Distinct().Order(StringComparer.Ordinal))
        {
            checks.AddRange(await CompareAsync(source, target, cancellationToken).ConfigureAwait(false));
        }

        return checks.ToImmutable();
    }

    private async Task<ImmutableArray<VerificationCheck>> CompareAsync(string source, ImmutableArray<PasswordPolicy> target, CancellationToken cancellationToken)
    {
        var what = $"policy of {source}";
        if (readers.Of(new SourceId(source)) is not { } directory)
        {
            return [VerificationCheck.NotRun(what, "No account is configured to read the source with.", $"Set sources.{source}.bindName and bindPassword.")];
        }

        ImmutableArray<PasswordPolicy> policies;
        bool seesFineGrained;
        try
        {
            var read = await directory.ReadPasswordPoliciesAsync(cancellationToken).ConfigureAwait(false);
            policies = [.. read.Where(policy => policy.IsApplied).Select(PasswordPolicy.OfSource)];
            seesFineGrained = read.Any(policy => policy.IsFineGrained);
        }
        catch (Exception failure) when (failure is DirectoryUnavailableException or SettingsException)
        {
            return [VerificationCheck.NotRun(what, failure.Message, $"Check sources.{source}: servers, security, roots, bindName, bindPassword.")];
        }

        var differences = PolicyComparison.Compare(policies, target);
        return
        [
            VerificationCheck.Passed(what, $"Compared what can be read: in the source {Describe(policies)}; in the target {Describe(target)}. {(differences.IsEmpty ? "Nothing is stricter in the target." : "Some is stricter in the target.")}{(seesFineGrained ? "" : HiddenPolicies)}"),
            .. differences.Select(difference => VerificationCheck.Warned($"{what}: {difference.Rule}", difference.Finding, difference.Remedy)),
        ];
    }

    private static string Describe(ImmutableArray<PasswordPolicy> policies)
    {
        var described = string.Join("; ", policies.Take(DescribedMax).Select(policy => policy.Describe()));
        return policies.Length <= DescribedMax ? described : $"{described}; and {policies.Length - DescribedMax} more";
    }
}
