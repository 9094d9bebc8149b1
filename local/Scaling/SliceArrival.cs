using System.Runtime.InteropServices;

namespace CtSeg.Local.Scaling;

/// <summary>Why a slice was uploaded.</summary>
internal enum StudyKind
{
    Routine,
    Emergency,
    Backlog,
}

/// <summary>One uploaded slice.</summary>
/// <param name="At">Seconds since midnight.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct SliceArrival(double At, StudyKind Kind);
