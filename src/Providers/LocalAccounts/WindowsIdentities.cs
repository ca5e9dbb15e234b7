using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Security.Principal;
using Microsoft.Win32.SafeHandles;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Secrets;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.LocalAccounts;

/// <summary>Who the service is on other servers: the node's own account, or the one of the settings, which this machine need not know.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("windows")]
internal sealed class WindowsIdentities(LocalAccountsOptions options, ISecretReferences secrets)
{
    private const int NewCredentials = 9, ProviderForNewCredentials = 3;

    /// <returns>Null for the node's own account; or why there is none.</returns>
    public async Task<(NetworkIdentity? Identity, DeliveryOutcome? Fault)> OpenAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (options.BindName is not { } bindName) return (null, null);
        switch (await secrets.ResolveAsync(options.BindPassword!, cancellationToken))
        {
            case SecretResolution.Refused refused:
                return (null, new DeliveryOutcome.TargetMisconfigured(refused.Reason));
            case SecretResolution.Resolved { Secret: var password }:
                using (password) return Open(bindName, password);
            case var other:
                throw new InvalidOperationException($"Internal error: unknown resolution {other.GetType().Name}.");
        }
    }

    private (NetworkIdentity? Identity, DeliveryOutcome? Fault) Open(string bindName, Secret password)
    {
        var (domain, name) = bindName.Split('\\', 2) is [var before, var after] ? (before, after) : (options.Host, bindName);
        var text = GC.AllocateArray<char>(password.Length + 1, pinned: true);
        password.Reveal().CopyTo(text);
        try
        {
            return LogonUserW(name, domain, Marshal.UnsafeAddrOfPinnedArrayElement(text, 0), NewCredentials, ProviderForNewCredentials, out var token)
                ? (new NetworkIdentity(token), null)
                : (null, WindowsFailures.Classify(Marshal.GetLastPInvokeError(), mayHaveWritten: false));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(text.AsSpan()));
        }
    }

    [DllImport("advapi32.dll", CharSet = CharSet.Unicode, ExactSpelling = true, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool LogonUserW(string user, string domain, nint password, int kind, int provider, out SafeAccessTokenHandle token);
}

/// <summary>An identity that counts for the network only.</summary>
/// <param name="token">Becomes this object's.</param>
[System.Runtime.Versioning.SupportedOSPlatform("windows")]
internal sealed class NetworkIdentity(SafeAccessTokenHandle token) : IDisposable
{
    public int Run(Func<int> call) => WindowsIdentity.RunImpersonated(token, call);

    public void Dispose() => token.Dispose();
}
