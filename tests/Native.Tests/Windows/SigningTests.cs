using System.Runtime.Versioning;
using PasswordSync.EdgeNode.Windows;
using PasswordSync.Native.Tests.Running;
using PasswordSync.Native.Tests.Windows.Wine;

namespace PasswordSync.Native.Tests.Windows;

/// <summary>The signature that a vendor puts on the DLL, and what the edge tells of it.</summary>
[SupportedOSPlatform("linux")]
[Collection(WineMachine.Collection)]
public sealed class SigningTests
{
    [Fact]
    public async Task Edge_tells_who_signed_the_filter()
    {
        await WineMachine.NeedAsync();
        Assert.SkipUnless(File.Exists("/usr/bin/osslsigncode"), "osslsigncode is not installed: .ci/packages.sh names the packages.");
        using var site = new FilterSite();
        var (key, certificate, signed) = (Path.Combine(site.Folder, "key.pem"), Path.Combine(site.Folder, "certificate.pem"), Path.Combine(site.Folder, "signed.dll"));
        await RunAsync("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "1", "-subj", "/O=Example/CN=Example code signing",
            "-addext", "extendedKeyUsage=codeSigning");
        await RunAsync("osslsigncode", "sign", "-certs", certificate, "-key", key, "-h", "sha256", "-in", WineMachine.Filter, "-out", signed);

        AuthenticodeSigner.Describe(await File.ReadAllBytesAsync(signed, TestContext.Current.CancellationToken)).ShouldBe("signed by CN=Example code signing, O=Example");
        AuthenticodeSigner.Describe(await File.ReadAllBytesAsync(WineMachine.Filter, TestContext.Current.CancellationToken)).ShouldBe("unsigned");
        AuthenticodeSigner.Describe("no program"u8.ToArray()).ShouldBe("signed in a way that cannot be read");
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        var end = await ProcessRun.RunAsync(program, arguments, default, environment: null, TestContext.Current.CancellationToken);
        end.ExitCode.ShouldBe(0, end.Output + end.Error);
    }
}
