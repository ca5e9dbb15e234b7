using System.Collections.Immutable;

namespace PasswordSync.Capture.Health;

/// <summary>How the filter is set up on this domain controller.</summary>
/// <param name="IsRegistered">Whether <c>Notification Packages</c> names it.</param>
/// <param name="IsInstalled">Whether its DLL is in System32.</param>
/// <param name="InstalledAfterBoot">Whether the installer put it in place after the last start of Windows.</param>
/// <param name="HasLsaProtection">Whether LSASS loads only what Microsoft's own service signed (RunAsPPL).</param>
/// <param name="Signature">Who signed the DLL, or that nobody did.</param>
/// <param name="OtherPackages">What else <c>Notification Packages</c> names.</param>
/// <param name="Unguarded">Which file or folder that the filter trusts others may change, and who; null if none.</param>
/// <param name="Status">The filter's own account; null if LSASS has not loaded it.</param>
public sealed record FilterSetup(
    bool IsRegistered, bool IsInstalled, bool InstalledAfterBoot, bool HasLsaProtection, string Signature, ImmutableArray<string> OtherPackages, string? Unguarded, FilterStatus? Status)
{
    /// <summary>Why nothing is captured, and what to do; null if the filter captures.</summary>
    public string? WhyNotCapturing()
    {
        if (!IsInstalled) return "its DLL is not in System32. Install PasswordSync again.";
        if (!IsRegistered) return "'Notification Packages' does not name it. Repair the installation, then restart this domain controller.";
        if (Status is null && InstalledAfterBoot) return $"it was installed or repaired after Windows started. Restart this domain controller.{(HasLsaProtection ? " But LSA protection (RunAsPPL) is on: see docs/operations/install-windows.md first." : "")}";
        if (Status is null && HasLsaProtection) return $"LSA protection (RunAsPPL) is on, and LSASS then loads only what Microsoft signed; the DLL is {Signature}. See docs/operations/install-windows.md.";
        if (Status is null) return "LSASS has not loaded it, though Windows was started since. Event 16953 of Directory-Services-SAM in the event log 'System' says why, by an error code: 126 a file is missing, 577 the signature is refused.";
        return Status.State switch
        {
            FilterState.Disabled => @"the kill switch is on. Remove the value 'Disabled' of HKLM\SOFTWARE\PasswordSync\Filter.",
            FilterState.NotInstalled => @"the value 'CaptureFile' of HKLM\SOFTWARE\PasswordSync\Filter is missing. Repair the installation.",
            FilterState.NotADomainController => "this machine is no domain controller.",
            FilterState.RestoreMode => "Windows was started in directory services restore mode.",
            FilterState.ReadOnlyController => "this domain controller is read-only: passwords are set on others.",
            FilterState.NotStarted => "its cryptography or its worker could not be started. Restart this domain controller.",
            _ when Status.FilesTaken == 0 => $"it has no usable capture file yet: {FileFaultInWords(Status)}. The edge writes it as soon as a node has answered.",
            _ => null,
        };
    }

    /// <summary>What is wrong with the capture file, while the one before it is in force; null if nothing is.</summary>
    public string? WhySettingsAreOld() => Status is { State: FilterState.Armed, FilesTaken: > 0, FileFault: not 0 } ? FileFaultInWords(Status) : null;

    private static string FileFaultInWords(FilterStatus status) => status.FileFault switch
    {
        100 => "it cannot be read",
        101 => "its pipe's name holds a slash or is too long",
        102 => "its drop folder is not on a drive of this machine, or its path is too long",
        103 => "it has not been looked for yet",
        104 => "others than SYSTEM and the administrators may change it or its folder. Repair the installation, which sets the folder's rights, and look who changed them",
        105 => "it or its folder belongs to another than SYSTEM or the administrators. Repair the installation, and look who put it there",
        106 => "who may change it or its folder cannot be told. Repair the installation, which sets the folder's rights",
        var fault => $"line {status.FileLine} has fault {fault} (docs/spec/handover.md, \"Filter status\")",
    };
}

/// <summary>Looks how the filter is set up, and tells it what it cannot find out inside LSASS.</summary>
public interface IFilterInspector
{
    /// <exception cref="IOException">Windows does not tell.</exception>
    /// <exception cref="UnauthorizedAccessException">The edge's account may not look.</exception>
    FilterSetup Look();

    /// <summary>Tells the filter whether this domain controller is read-only, where it must do nothing.</summary>
    /// <exception cref="IOException">Windows does not take it.</exception>
    /// <exception cref="UnauthorizedAccessException">The edge's account may not write it.</exception>
    void TellRole(bool isReadOnly);
}

/// <summary>Tells what kind of domain controller this is.</summary>
public interface IControllerRole
{
    /// <summary>Whether it is read-only: passwords are then set on others.</summary>
    /// <exception cref="Resolution.DirectoryUnavailableException">The DC does not answer, or not usefully.</exception>
    Task<bool> IsReadOnlyAsync(CancellationToken cancellationToken);
}
