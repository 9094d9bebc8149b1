namespace CtSeg.Local.Phantom;

/// <summary>The healthy thorax at the height of the heart: where what lies, in Hounsfield units. Drawn by seed within plausible ranges.</summary>
internal sealed class PhantomAnatomy
{
    private const double Air = -1000, Fat = -105, Muscle = 45, Blood = 40, Bone = 480, Marrow = 190;

    private readonly double _bodyWidth, _bodyHeight, _chestWidth, _chestHeight, _fat;
    private readonly double _heartX, _heartY, _heartWidth, _heartHeight, _heartTilt;
    private readonly double _aortaX, _aortaY, _aortaRadius, _airwayY;
    private readonly uint _outlineSeed, _tissueSeed, _heartSeed, _lungSeed;
    private readonly List<(double X, double Y, (double X, double Y) Along, double Length, double Thickness)> _ribs = [];

    public PhantomAnatomy(PhantomNoise noise)
    {
        (_bodyWidth, _bodyHeight) = (noise.Next(0.92, 0.97), noise.Next(0.76, 0.82));
        _fat = noise.Next(0.03, 0.065);
        (_chestWidth, _chestHeight) = (_bodyWidth - _fat - noise.Next(0.09, 0.12), _bodyHeight - _fat - noise.Next(0.075, 0.095));
        (_heartX, _heartY) = (noise.Next(0.09, 0.15), noise.Next(-0.20, -0.14));
        (_heartWidth, _heartHeight) = (noise.Next(0.26, 0.33), noise.Next(0.24, 0.28));
        _heartTilt = noise.Next(0.05, 0.10);
        (_aortaX, _aortaY, _aortaRadius) = (noise.Next(0.12, 0.16), noise.Next(0.30, 0.34), noise.Next(0.07, 0.085));
        _airwayY = noise.Next(0.10, 0.14);
        (_outlineSeed, _tissueSeed, _heartSeed, _lungSeed) = (noise.NextSeed(), noise.NextSeed(), noise.NextSeed(), noise.NextSeed());
        PlaceRibs(noise);
    }

    public double Body(double x, double y)
    {
        double wobble = 0.03 * (PhantomNoise.Smooth(_outlineSeed, 2.2 * x, 2.2 * y) - 0.5);
        // The chest bone lies in a shallow valley, the back in one too.
        double valley = 0.035 * PhantomNoise.Step(1 - Math.Abs(x) / 0.32);
        return Shape.Barrel(x, y, 0, 0, _bodyWidth, _bodyHeight) + wobble + valley;
    }

    /// <summary>Both lungs; zero at the pleura.</summary>
    public double Lungs(double x, double y) => Shape.Cut(Cavity(x, y), Mediastinum(x, y), 0.05);

    /// <summary>Lungs and mediastinum together; zero at the ribs.</summary>
    public double Cavity(double x, double y)
    {
        double wobble = 0.02 * (PhantomNoise.Smooth(_outlineSeed + 1, 3 * x, 3 * y) - 0.5);
        return Shape.Barrel(x, y, 0, 0, _chestWidth, _chestHeight) + wobble;
    }

    private double Mediastinum(double x, double y)
    {
        double heart = Heart(x, y) - 0.012;
        double great = Shape.Ellipse(x, y, -0.02, 0.06, 0.15, 0.20);
        double back = Shape.Ellipse(x, y, 0, 0.52, 0.13, 0.27);
        double front = Shape.Ellipse(x, y, -0.02, -0.52, 0.022, 0.34);
        double aorta = Shape.Ellipse(x, y, _aortaX, _aortaY, _aortaRadius + 0.01, _aortaRadius + 0.01);
        double all = Shape.Join(Shape.Join(heart, great, 0.10), Shape.Join(back, front, 0.04), 0.10);
        double wobble = 0.03 * (PhantomNoise.Cloud(_outlineSeed + 7, 5 * x, 5 * y, 2) - 0.5);
        return Shape.Join(all, aorta, 0.05) + wobble;
    }

    private double Heart(double x, double y) =>
        Shape.Tilted(x, y, _heartX, _heartY, PhantomNoise.Direction(_heartTilt), _heartWidth, _heartHeight);

    /// <returns>HU of everything but lesions and lung vessels.</returns>
    public double Density(double x, double y)
    {
        double body = Body(x, y);
        if (body > 0)
            return Outside(x, y);
        double lungs = Lungs(x, y);
        if (lungs < 0)
            return Airway(x, y, LungTissue(x, y, lungs));
        double density = body > -0.012 ? Muscle - 20 : Cavity(x, y) < 0.012 ? MediastinalTissue(x, y) : Wall(x, y, body);
        return Spine(x, y, Ribs(x, y, Airway(x, y, density)));
    }

    private static double Outside(double x, double y)
    {
        if (x * x + y * y > 1.08)
            return -1150;
        double table = Shape.Ellipse(x, y, 0, -1.35, 2.6, 2.20);
        return Math.Abs(table) < 0.006 ? -420 : table is > 0 and < 0.09 ? -940 : Air;
    }

    private double Wall(double x, double y, double body)
    {
        double clouds = PhantomNoise.Cloud(_tissueSeed, 6 * x, 6 * y, 3);
        double depth = -body - _fat * (0.55 + 0.9 * clouds);
        if (depth < 0)
            return Fat + 30 * (clouds - 0.5);
        double streaks = PhantomNoise.Cloud(_tissueSeed + 5, 9 * x, 16 * y, 3);
        return streaks > 0.62 ? Fat + 40 : Muscle + 20 * (streaks - 0.5);
    }

    private double MediastinalTissue(double x, double y)
    {
        double heart = Heart(x, y);
        double clouds = PhantomNoise.Cloud(_heartSeed, 8 * x, 8 * y, 3);
        double density = Fat + 50 + 120 * PhantomNoise.Step(3 * clouds - 1);
        if (heart < 0)
        {
            // Two chambers, a little denser than the muscle around them.
            double chambers = Math.Min(
                Shape.Ellipse(x, y, _heartX + 0.09, _heartY + 0.02, 0.12, 0.13), Shape.Ellipse(x, y, _heartX - 0.13, _heartY, 0.09, 0.15));
            density = Blood - 14 + 30 * PhantomNoise.Step(0.5 - 14 * chambers + 1.5 * (clouds - 0.5)) + 20 * (clouds - 0.5);
        }
        else if (heart < 0.014)
        {
            density = Fat + 60;
        }
        double vessels = Math.Min(
            Shape.Ellipse(x, y, _aortaX, _aortaY, _aortaRadius, _aortaRadius),
            Math.Min(Shape.Ellipse(x, y, -0.10, 0.02, 0.055, 0.06), Shape.Ellipse(x, y, 0.01, 0.24, 0.035, 0.028)));
        return vessels < 0 ? Blood + 8 : density;
    }

    private double LungTissue(double x, double y, double lungs)
    {
        double clouds = PhantomNoise.Cloud(_lungSeed, 5 * x, 5 * y, 4);
        double dependent = 45 * (y + 0.5), edge = 40 * PhantomNoise.Step(1 + lungs / 0.05);
        return -880 + dependent + edge + 90 * (clouds - 0.5);
    }

    private double Airway(double x, double y, double density)
    {
        foreach (var (side, radius) in new[] { (-0.095, 0.036), (0.085, 0.030) })
        {
            double d = Shape.Tilted(x, y, side, _airwayY, PhantomNoise.Direction(side < 0 ? 0.42 : 0.07), radius * 1.35, radius);
            if (d < 0)
                return Air + 30;
            if (d < 0.011)
                density = 20;
        }
        return density;
    }

    private void PlaceRibs(PhantomNoise noise)
    {
        double gap = 0.055;
        foreach (double turns in new[] { 0.035, 0.10, 0.17, 0.215, 0.30, 0.345, 0.40, 0.46, 0.53, 0.60, 0.665, 0.835, 0.90, 0.97 })
        {
            double angle = turns + noise.Next(-0.01, 0.01);
            var (c, s) = PhantomNoise.Direction(angle);
            // The point of the cavity's outline in that direction, pushed outwards; the rib runs along the outline.
            double reach = 0.3;
            while (Cavity(c * reach, s * reach) < gap - 0.012)
                reach += 0.002;
            double x = c * reach, y = s * reach;
            double gx = Cavity(x + 0.01, y) - Cavity(x - 0.01, y), gy = Cavity(x, y + 0.01) - Cavity(x, y - 0.01);
            double length = Math.Sqrt(gx * gx + gy * gy);
            if (Math.Abs(x) > 0.16)
                _ribs.Add((x, y, (-gy / length, gx / length), noise.Next(0.055, 0.12), noise.Next(0.018, 0.024)));
        }
    }

    private double Ribs(double x, double y, double density)
    {
        foreach (var rib in _ribs)
        {
            double d = Shape.Tilted(x, y, rib.X, rib.Y, rib.Along, rib.Length, rib.Thickness);
            if (d < 0)
                return d > -0.007 ? Bone : Marrow;
        }
        double chestBone = Shape.Ellipse(x, y, 0, -_chestHeight - 0.035, 0.095, 0.026);
        return chestBone < 0 ? (chestBone > -0.007 ? Bone - 120 : Marrow - 60) : density;
    }

    private double Spine(double x, double y, double density)
    {
        double left = Math.Abs(x);
        double canal = Shape.Ellipse(x, y, 0, 0.565, 0.043, 0.036);
        if (canal < 0)
            return canal < -0.012 ? 35 : -20;
        double body = Shape.Ellipse(x, y, 0, 0.44, 0.115, 0.092);
        double arch = Math.Min(
            Shape.Tilted(left, y, 0.09, 0.575, PhantomNoise.Direction(0.04), 0.085, 0.024),
            Math.Min(Shape.Tilted(left, y, 0.055, 0.54, PhantomNoise.Direction(0.22), 0.05, 0.022), Shape.Ellipse(x, y, 0, 0.645, 0.018, 0.065)));
        double bone = Shape.Join(body, arch, 0.02);
        if (bone > 0)
            return density;
        double sponge = PhantomNoise.Cloud(_tissueSeed + 9, 30 * x, 30 * y, 2);
        return bone > -0.009 ? Bone : Marrow + 90 * (sponge - 0.5);
    }
}
