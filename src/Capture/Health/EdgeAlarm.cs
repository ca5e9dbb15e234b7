using PasswordSync.Capture.Spool;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Intake;
using PasswordSync.Core.Stamps;

namespace PasswordSync.Capture.Health;

/// <summary>Something about an edge that an operator must know. A closed set; no member holds a secret.</summary>
public abstract record EdgeAlarm
{
    private EdgeAlarm()
    {
    }

    /// <summary>One sentence: what is wrong, with the present value, and what to do.</summary>
    public abstract string Sentence { get; }

    /// <summary>Stands until <see cref="IAlarmSink.Clear"/>; otherwise it tells of one event.</summary>
    public virtual bool Stands => false;

    public sealed override string ToString() => Sentence;

    /// <summary>The spool takes no captures.</summary>
    public sealed record SpoolFull(long Bytes, long BytesMax) : EdgeAlarm
    {
        public override string Sentence =>
            $"The spool is full ({Bytes} of {BytesMax} bytes): captures are refused and wait as files in the drop folder. Let a node be reachable, or raise the spool's bound.";

        public override bool Stands => true;
    }

    /// <summary>The disk takes no writes.</summary>
    public sealed record SpoolNotWritable(string Reason) : EdgeAlarm
    {
        public override string Sentence => $"The spool cannot be written: {Reason} Captures are not acknowledged. Free or repair the disk.";

        public override bool Stands => true;
    }

    /// <summary>A part of the spool cannot be read.</summary>
    public sealed record SpoolDamaged(SpoolDamage Damage) : EdgeAlarm
    {
        public override string Sentence =>
            $"{Damage.Length} bytes at offset {Damage.Offset} of spool segment {Damage.Segment} are damaged; captures in them are lost. The bytes were kept in the folder 'damaged'. Check the disk.";
    }

    /// <summary>A held capture could not be read back.</summary>
    public sealed record CaptureLost(CaptureId CaptureId) : EdgeAlarm
    {
        public override string Sentence => $"Capture {CaptureId} can no longer be read from the spool and is lost. Check the disk; the person should set the password again.";
    }

    /// <summary>A frame or a file in the drop folder is no envelope for this edge.</summary>
    public sealed record CaptureMalformed(string Origin, string Reason) : EdgeAlarm
    {
        public override string Sentence => $"What came through {Origin} is no capture for this edge: {Reason}";
    }

    /// <summary>The drop folder cannot be worked.</summary>
    public sealed record DropFolderBroken(string Folder, string Reason) : EdgeAlarm
    {
        public override string Sentence => $"The drop folder cannot be worked, '{Folder}': {Reason} What is in it waits, and with it every capture that a hidden one could be mixed up with. Check the rights, the disk, and how many files the edge may have open; a folder that is gone is made anew when the edge starts.";

        public override bool Stands => true;
    }

    /// <summary>The directory of the edge's own DC does not answer.</summary>
    public sealed record DirectoryUnavailable(string Reason) : EdgeAlarm
    {
        public override string Sentence => $"The directory of this DC does not answer: {Reason} Captures wait.";

        public override bool Stands => true;
    }

    /// <summary>A capture's stamp could not be proven; it is never sent.</summary>
    public sealed record CaptureUnconfirmed(CaptureId CaptureId, string AccountName, string Reason) : EdgeAlarm
    {
        public override string Sentence =>
            $"Capture {CaptureId} of account '{AccountName}' could not be confirmed and is not sent: {Reason} The person should set the password again.";
    }

    /// <summary>This DC changed a password that no hook brought.</summary>
    public sealed record ChangeNotCaptured(AccountId Account, Stamp Stamp) : EdgeAlarm
    {
        public override string Sentence =>
            $"This DC changed the password of {Account} (stamp {Stamp}) and no capture of it came: a set of hashes only, or the hook was not called. Targets keep the older password until the next change.";
    }

    /// <summary>A node refused a capture for good.</summary>
    public sealed record CaptureRefused(CaptureId CaptureId, RefusalReason Reason, string? Detail) : EdgeAlarm
    {
        public override string Sentence => $"A node refused capture {CaptureId}: {Reason}. {Detail}";
    }

    /// <summary>Nodes answer, but do not take this capture.</summary>
    public sealed record CaptureNotTaken(CaptureId CaptureId, string Reason) : EdgeAlarm
    {
        public override string Sentence => $"The nodes do not take capture {CaptureId}, and do not refuse it for good: {Reason} It is kept and sent again.";
    }

    /// <summary>No node answers.</summary>
    public sealed record NoNodeAnswers(int Waiting, string Reason) : EdgeAlarm
    {
        public override string Sentence => $"No node answers ({Waiting} captures wait): {Reason} Check the nodes' addresses, their certificates and the network.";

        public override bool Stands => true;
    }

    /// <summary>The scopes that the nodes tell cannot be evaluated.</summary>
    public sealed record ConfigurationUnusable(long Version, string Reason) : EdgeAlarm
    {
        public override string Sentence => $"The scopes of version {Version} of the cluster's configuration cannot be used: {Reason} The edge goes on with those it had, and captures wait if it had none; sealing keys are taken over all the same. Correct the scope at the nodes.";

        public override bool Stands => true;
    }

    /// <summary>A certificate that the edge uses ends soon, or has ended.</summary>
    public sealed record CertificateEnds(string Sentences) : EdgeAlarm
    {
        public override string Sentence => Sentences;

        public override bool Stands => true;
    }

    /// <summary>The DC will not call the hook.</summary>
    public sealed record HookNotCalled(string Policy) : EdgeAlarm
    {
        public override string Sentence =>
            $"{Policy} has no complexity rule: Samba does not call the check password script for it, so that changes are not captured. Turn complexity on.";

        public override bool Stands => true;
    }

    /// <summary>Whether the DC will call the hook cannot be told: the edge's account may not read the fine-grained policies.</summary>
    public sealed record PoliciesHidden : EdgeAlarm
    {
        /// <summary>What to do, for whoever else finds it.</summary>
        public const string Remedy =
            "Let the account of 'directory' in edge.json read CN=Password Settings Container,CN=System and what is below it: docs/operations/samba-helper.md, \"Fine-grained policies\".";

        public override string Sentence =>
            $"The edge's account may not read the fine-grained password policies: if one has no complexity rule, Samba does not call the hook for those it holds for, and nothing tells. {Remedy}";

        public override bool Stands => true;
    }

    /// <summary>Windows: the filter inside LSASS is not there or does nothing.</summary>
    public sealed record FilterNotCapturing(string Reason) : EdgeAlarm
    {
        public override string Sentence => $"The password filter captures nothing: {Reason}";

        public override bool Stands => true;
    }

    /// <summary>Windows: the filter goes on with an older capture file.</summary>
    public sealed record FilterSettingsOld(string Reason) : EdgeAlarm
    {
        public override string Sentence => $"The password filter does not take the present capture file over: {Reason}. It seals to the key of the one before.";

        public override bool Stands => true;
    }

    /// <summary>Windows: others than SYSTEM and the administrators may change what the filter trusts, and with it the key that passwords are sealed to.</summary>
    public sealed record FilterUnguarded(string Reason) : EdgeAlarm
    {
        public override string Sentence => $"What the password filter trusts is not guarded: {Reason}. Repair the installation, which sets the rights, and look who changed them.";

        public override bool Stands => true;
    }

    /// <summary>Windows: changes that the filter heard of and could not capture.</summary>
    public sealed record FilterLost(FilterLosses Losses, string When) : EdgeAlarm
    {
        public override string Sentence => $"The password filter could not capture {Losses.Total} changes {When}: {Losses}. Targets keep the older passwords until the next change.";
    }

    /// <summary>Windows: captures wait in the memory of LSASS.</summary>
    public sealed record FilterStuck(long Waiting) : EdgeAlarm
    {
        public override string Sentence =>
            $"{Waiting} captures wait in the memory of LSASS and are lost if this domain controller stops: neither the edge nor the drop folder takes them. Free or repair the disk, or stop what holds its files.";

        public override bool Stands => true;
    }

    /// <summary>Windows: another program listened on the edge's pipe.</summary>
    public sealed record StrangerOnPipe(long Times) : EdgeAlarm
    {
        public override string Sentence => $"Another program than the edge listened on the edge's pipe, {Times} times; the password filter gave it nothing. Find out which.";
    }
}

/// <summary>Takes alarms. Called from many threads; must not block or throw.</summary>
public interface IAlarmSink
{
    /// <summary>Raises an alarm. One that stands may be raised again; the later one replaces the earlier.</summary>
    void Raise(EdgeAlarm alarm);

    /// <summary>The trouble is over. Nothing happens if no such alarm stands.</summary>
    void Clear<TAlarm>()
        where TAlarm : EdgeAlarm;
}
