namespace CtSeg.Imaging.Nifti;

/// <summary>
/// Towards which side of the patient the axes of a volume run, each by its nearest: R right, L left, A front, P back, S head, I feet. NIfTI-1 counts world
/// coordinates towards R, A and S. sform is taken before qform, as the standard's reference code does.
/// </summary>
/// <param name="First">The axis that changes fastest in the file.</param>
public sealed record NiftiOrientation(char First, char Second, char Third)
{
    private const int PixelSize = 76, QformCode = 252, SformCode = 254, Quaternion = 256, SformRows = 280;
    private const int Axes = 3;

    private static readonly (char Up, char Down)[] Sides = [('R', 'L'), ('A', 'P'), ('S', 'I')];
    private static readonly int[][] Orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

    /// <value>Whether the slices along the third axis are axial.</value>
    public bool IsAxial => Third is 'S' or 'I';

    /// <summary>
    /// Turns a slice, of which the first axis runs along a row and the second downwards, to how CT slices are looked at: the patient's front above, the
    /// patient's right on the left.
    /// </summary>
    /// <exception cref="InvalidOperationException">The slices are not axial.</exception>
    public PictureTurn ToRadiological() => (First, Second) switch
    {
        ('L', 'P') => new PictureTurn(0, Flip: false),
        ('L', 'A') => new PictureTurn(0, Flip: true),
        ('R', 'A') => new PictureTurn(180, Flip: false),
        ('R', 'P') => new PictureTurn(180, Flip: true),
        ('P', 'R') => new PictureTurn(90, Flip: false),
        ('P', 'L') => new PictureTurn(90, Flip: true),
        ('A', 'L') => new PictureTurn(270, Flip: false),
        ('A', 'R') => new PictureTurn(270, Flip: true),
        _ => throw new InvalidOperationException($"Slices of a volume that lies {this} are not axial."),
    };

    public override string ToString() => $"{First}{Second}{Third}";

    /// <returns>Null where neither transform is set, or none of those that are set can be used.</returns>
    internal static NiftiOrientation? Of(NiftiFields fields) =>
        (fields.Int16(SformCode) > 0 ? Nearest(Sform(fields)) : null) ?? (fields.Int16(QformCode) > 0 ? Nearest(Qform(fields)) : null);

    /// <returns>[axis of the world, axis of the file].</returns>
    private static double[,] Sform(NiftiFields fields)
    {
        var matrix = new double[Axes, Axes];
        for (int row = 0; row < Axes; row++)
            for (int column = 0; column < Axes; column++)
                matrix[row, column] = fields.Single(SformRows + sizeof(float) * (4 * row + column));
        return matrix;
    }

    /// <summary>nifti1.h, METHOD 2: a rotation by a quaternion whose first part follows from the others; the sign of pixdim[0] turns the third axis.</summary>
    private static double[,] Qform(NiftiFields fields)
    {
        double b = fields.Single(Quaternion), c = fields.Single(Quaternion + 4), d = fields.Single(Quaternion + 8);
        double rest = 1 - (b * b + c * c + d * d), a = Math.Sqrt(Math.Max(0, rest));
        // A half turn, of which rounding made a little more.
        if (rest < 0)
        {
            double length = Math.Sqrt(b * b + c * c + d * d);
            (b, c, d) = (b / length, c / length, d / length);
        }
        double third = fields.Single(PixelSize) < 0 ? -1 : 1;
        return new[,]
        {
            { a * a + b * b - c * c - d * d, 2 * (b * c - a * d), third * 2 * (b * d + a * c) },
            { 2 * (b * c + a * d), a * a + c * c - b * b - d * d, third * 2 * (c * d - a * b) },
            { 2 * (b * d - a * c), 2 * (c * d + a * b), third * (a * a + d * d - b * b - c * c) },
        };
    }

    /// <summary>Of all ways to give each axis a direction of its own, the one that fits best; by directions alone, as voxels may be far from cubes.</summary>
    /// <returns>Null where an axis has no direction.</returns>
    private static NiftiOrientation? Nearest(double[,] matrix)
    {
        var cosines = new double[Axes, Axes];
        for (int axis = 0; axis < Axes; axis++)
        {
            double length = Math.Sqrt(matrix[0, axis] * matrix[0, axis] + matrix[1, axis] * matrix[1, axis] + matrix[2, axis] * matrix[2, axis]);
            if (!(length > 0) || !double.IsFinite(length))
                return null;
            for (int side = 0; side < Axes; side++)
                cosines[side, axis] = matrix[side, axis] / length;
        }
        var best = Orders.MaxBy(order => Enumerable.Range(0, Axes).Sum(axis => Math.Abs(cosines[order[axis], axis])))!;
        return new NiftiOrientation(SideOf(0), SideOf(1), SideOf(2));

        char SideOf(int axis) => cosines[best[axis], axis] > 0 ? Sides[best[axis]].Up : Sides[best[axis]].Down;
    }
}
