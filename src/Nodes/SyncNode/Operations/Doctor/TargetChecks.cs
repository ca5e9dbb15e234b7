using PasswordSync.Capture.Resolution;
using PasswordSync.Core.Identities;
using PasswordSync.Hosting.Doctor;
using PasswordSync.Providers.Contract;

namespace PasswordSync.SyncNode.Operations.Doctor;

/// <summary>Sync points and sources: whether they can be reached and take our credentials.</summary>
internal sealed class TargetChecks(OperationServices services)
{
    /// <summary>How long one of them may take.</summary>
    private static readonly TimeSpan CheckTimeout = TimeSpan.FromSeconds(20);

    public async Task<IEnumerable<Finding>> RunAsync(CancellationToken cancellationToken)
    {
        var found = await Task.WhenAll(
            [
                .. from entry in services.Parts.Providers
                   orderby entry.Key.Name
                   select LookAsync($"sync point {entry.Key.Name}", token => VerifyAsync(entry.Key.Name, entry.Value, token), cancellationToken),
                .. from name in services.Configuration.Node.Sources.Keys
                   orderby name
                   select LookAsync($"source {name}", token => ReadAsync(name, token), cancellationToken),
            ]).ConfigureAwait(false);
        return found.SelectMany(one => one);
    }

    private async Task<IEnumerable<Finding>> VerifyAsync(string point, IProvider provider, CancellationToken cancellationToken)
    {
        var report = await provider.VerifyAsync(cancellationToken).ConfigureAwait(false);

        // A source that cannot be read has a line of its own.
        var policies = await services.Policies.RunAsync(point, provider, report, cancellationToken).ConfigureAwait(false);
        var checks = report.Checks.AddRange(policies.Where(check => check.Result != VerificationResult.NotRun));
        return checks.Select(check => new Finding($"sync point {point}: {check.Name}", ResultOf(check.Result), check.Finding, check.Remedy));
    }

    private async Task<IEnumerable<Finding>> ReadAsync(string source, CancellationToken cancellationToken)
    {
        var what = $"source {source}";
        if (services.Readers.Of(new SourceId(source)) is not { } directory) return [Finding.NotChecked(what, "No account is configured to read it with.", $"Set sources.{source}.bindName and bindPassword; without them a stamp that is far ahead is confirmed by signing in as the person.")];
        try
        {
            await directory.IsReadOnlyAsync(cancellationToken).ConfigureAwait(false);
            return [Finding.Good(what, "A domain controller answers, and takes the reading account.")];
        }
        catch (DirectoryUnavailableException failure)
        {
            return [Finding.Bad(what, failure.Message, $"Correct sources.{source} in node.json: servers, security, roots, bindName, bindPassword.")];
        }
    }

    // A target may be any server behind anyone's code: what it breaks over is a finding.
    private static async Task<IEnumerable<Finding>> LookAsync(string what, Func<CancellationToken, Task<IEnumerable<Finding>>> look, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(CheckTimeout);
        try
        {
            return await look(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return [Finding.Bad(what, $"It did not answer within {CheckTimeout.TotalSeconds:0} s.", "See that it runs and can be reached.")];
        }
#pragma warning disable CA1031 // See above.
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            return [Finding.Bad(what, $"The check broke with {failure.GetType().Name}.", "This is a fault of the provider: see the log.")];
        }
    }

    private static FindingResult ResultOf(VerificationResult result) => result switch
    {
        VerificationResult.Passed => FindingResult.Good,
        VerificationResult.Warned => FindingResult.Warning,
        VerificationResult.Failed => FindingResult.Bad,
        VerificationResult.NotRun => FindingResult.NotChecked,
        _ => throw new InvalidOperationException($"Internal error: unknown result {result}."),
    };
}
