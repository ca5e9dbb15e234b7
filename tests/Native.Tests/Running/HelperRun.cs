using System.Diagnostics;
using System.Runtime.Versioning;
using System.Text;
using PasswordSync.Native.Tests.Building;

namespace PasswordSync.Native.Tests.Running;

/// <summary>Runs the real helper as Samba does: the password on standard input, the account in the environment.</summary>
[SupportedOSPlatform("linux")]
internal static class HelperRun
{
    public const int Agrees = 0;
    public const int Refuses = 1;

    private const int AttemptsMax = 5;
    private const string TooLate = "not captured: the password did not come within";

    /// <summary>Starts the helper and leaves it waiting for its password.</summary>
    public static Process Start(CaptureSite site, string? account = "alice") =>
        ProcessRun.Start(NativeBuild.Helper, [site.CaptureFile], Environment(account));

    public static Task<ProcessEnd> RunAsync(CaptureSite site, string password, string? account = "alice") =>
        RunAsync(site, Encoding.UTF8.GetBytes(password), account);

    /// <summary>Runs the helper to its end, and checks that it printed nothing of the password.</summary>
    public static async Task<ProcessEnd> RunAsync(CaptureSite site, ReadOnlyMemory<byte> password, string? account = "alice")
    {
        var end = await RunOnceAsync(site, password, account);
        // It waits for the password for three seconds, in which a busy machine may keep it from us; then nothing was judged or captured.
        for (var attempt = 1; attempt < AttemptsMax && end.Error.Contains(TooLate, StringComparison.Ordinal); attempt++) end = await RunOnceAsync(site, password, account);
        end.Output.ShouldBeEmpty();
        if (password.Length >= 4) end.Error.ShouldNotContain(Encoding.UTF8.GetString(password.Span), Case.Sensitive);
        return end;
    }

    private static async Task<ProcessEnd> RunOnceAsync(CaptureSite site, ReadOnlyMemory<byte> password, string? account)
    {
        using var process = Start(site, account);
        return await ProcessRun.FinishAsync(process, password, TestContext.Current.CancellationToken);
    }

    public static Dictionary<string, string> Environment(string? account) => account is null ? [] : new() { ["SAMBA_CPS_ACCOUNT_NAME"] = account };
}
